"""Leaving failing providers alone."""

from application.notifications.readiness import LEFT_TO_OTHERS
from application.ports.notification_channel import OutboundMessage, SendReport
from domain.notifications.attempt import AttemptOutcome
from domain.notifications.channel import Channel
from domain.notifications.delivery import Delivery
from domain.notifications.delivery_status import DeliveryStatus
from domain.notifications.rounds import UNASKED_PAUSE
from infrastructure.memory.recording_channel import RecordingChannel
from infrastructure.system.circuit_breaker import BreakerStates
from tests.unit.worker.world import World, all_in, until

OK = SendReport(outcome=AttemptOutcome.OK)
DOWN = SendReport(outcome=AttemptOutcome.RETRYABLE, status_code=500)
FULL_INBOX = SendReport(outcome=AttemptOutcome.RECIPIENT_PERMANENT, status_code=552)


def waits(world: World, *deliveries: Delivery) -> bool:
    """Whether all of them are to be tried again, later."""
    stored = [world.delivery(each) for each in deliveries]
    return all(each.status is DeliveryStatus.PENDING for each in stored) and all(
        world.due_in(each) > 0 for each in deliveries
    )


async def some_looks(world: World) -> None:
    """Until every loop has looked for work a few times."""
    looks = 0

    async def look() -> None:
        nonlocal looks
        looks += 1

    world.before_transaction = look
    await until(lambda: looks > 30)
    world.before_transaction = None


def tries_of(channel: RecordingChannel, provider: str) -> int:
    return sum(each.provider == provider for each in channel.tries)


async def test_a_provider_is_skipped_when_it_failed_ten_times_in_a_row() -> None:
    channel = RecordingChannel(Channel.EMAIL, providers={"a": lambda _: DOWN, "b": []})
    world = World(channel, plan={"slots": {Channel.EMAIL: 1}})
    async with world.working():
        await world.notify(15)
        await until(all_in(["sent"], world))

    assert tries_of(channel, "a") == 10
    assert tries_of(channel, "b") == 15


async def test_the_provider_is_not_blamed_when_recipients_are_at_fault() -> None:
    channel = RecordingChannel(Channel.EMAIL, reports=lambda _: FULL_INBOX)
    world = World(channel, plan={"slots": {Channel.EMAIL: 1}})
    async with world.working():
        await world.notify(15)
        await until(all_in(["failed"], world))

    assert tries_of(channel, "recording") == 15


async def test_other_receivers_get_theirs_when_one_webhook_is_down() -> None:
    def answer(message: OutboundMessage) -> SendReport:
        return DOWN if "down" in message.address["url"] else SendReport(outcome=AttemptOutcome.OK)

    channel = RecordingChannel(Channel.WEBHOOK, reports=answer)
    world = World(channel, plan={"slots": {Channel.WEBHOOK: 1}})
    broken = await world.notify(12, Channel.WEBHOOK, address={"url": "https://down.example/hook"})
    (fine,) = await world.notify(channel=Channel.WEBHOOK, address={"url": "https://up.example/hook"})
    async with world.working():
        await until(lambda: waits(world, *broken))
        await until(lambda: world.delivery(fine).status is DeliveryStatus.SENT)

    assert sum("down" in each.message.address["url"] for each in channel.tries) == 10
    assert sorted(world.delivery(each).rounds for each in broken) == [0] * 2 + [1] * 10


class Relay:
    """A provider that is down until `up`."""

    def __init__(self) -> None:
        self.up = False
        self.channel = RecordingChannel(Channel.EMAIL, reports=lambda _: OK if self.up else DOWN)
        self.world = World(self.channel, plan={"slots": {Channel.EMAIL: 5}})
        self.now = 0.0
        self.world.breakers = BreakerStates(now=lambda: self.now)

    async def given_up(self) -> None:
        """Until the breaker is open; what failed of this is not due for a while."""
        failed = await self.world.notify(10)
        await until(lambda: waits(self.world, *failed))


async def test_new_deliveries_are_left_to_others_when_nobody_can_be_asked() -> None:
    relay = Relay()
    world = relay.world
    async with world.working():
        await relay.given_up()
        (delivery,) = await world.notify()
        await some_looks(world)
        assert world.delivery(delivery) == delivery

        world.clock.advance(LEFT_TO_OTHERS)
        await until(lambda: waits(world, delivery))

    left = world.delivery(delivery)
    assert (left.status, left.rounds, world.attempts(delivery)) == (DeliveryStatus.PENDING, 0, [])
    assert 0 < world.due_in(delivery) <= UNASKED_PAUSE


async def test_everything_is_sent_after_one_probe_when_the_provider_is_back() -> None:
    relay = Relay()
    world = relay.world
    async with world.working():
        await relay.given_up()
        later = await world.notify(5)
        relay.up, relay.now = True, 30.0
        await until(lambda: all(world.delivery(each).status is DeliveryStatus.SENT for each in later))

    assert all(world.delivery(each).rounds == 1 for each in later)


async def test_one_delivery_is_enough_for_a_probe_when_the_provider_is_still_down() -> None:
    relay = Relay()
    world = relay.world
    async with world.working():
        await relay.given_up()
        later = await world.notify(5)
        relay.now = 30.0
        await until(lambda: sum(world.delivery(each).rounds for each in later) == 1)
        await some_looks(world)

    assert len(relay.channel.tries) == 11
    untouched = [each for each in later if world.delivery(each) == each]
    assert (len(untouched), sum(world.delivery(each).rounds for each in later)) == (4, 1)


async def test_a_delivery_ends_when_nobody_could_be_asked_for_longer_than_its_schedule() -> None:
    relay = Relay()
    world = relay.world
    async with world.working():
        await relay.given_up()
        (delivery,) = await world.notify()
        for _ in range(8):
            world.clock.advance(60)
            world.bus.wake(["notifications"])
            await until(lambda: world.delivery(delivery).finished_at or waits(world, delivery))

    ended = world.delivery(delivery)
    assert (ended.status, ended.reason, ended.rounds) == (DeliveryStatus.FAILED, "rounds_exhausted", 3)
    assert world.attempts(delivery) == []
