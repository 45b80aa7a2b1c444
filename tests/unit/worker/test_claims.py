"""What is claimed, in which order, and how much of it at once."""

import asyncio
from datetime import timedelta

from application.ports.delivery_queue import ClaimedDelivery, DeliveryResult
from application.ports.notification_channel import OutboundMessage, SendReport
from domain.notifications.attempt import AttemptOutcome
from domain.notifications.channel import Channel
from domain.notifications.delivery import Priority
from domain.notifications.delivery_status import DeliveryStatus
from infrastructure.memory.recording_channel import RecordingChannel
from tests.unit.worker.world import World, all_in, until

OK = SendReport(outcome=AttemptOutcome.OK)


class Gate:
    """Holds every send until it is opened, and counts how many wait."""

    def __init__(self) -> None:
        self.opened = asyncio.Event()
        self.inside = 0
        self.most = 0

    async def __call__(self, _: OutboundMessage) -> SendReport:
        self.inside += 1
        self.most = max(self.most, self.inside)
        await self.opened.wait()
        self.inside -= 1
        return OK


async def test_no_more_than_the_slots_are_in_flight_when_many_are_due() -> None:
    gate = Gate()
    world = World(RecordingChannel(Channel.EMAIL, reports=gate), plan={"slots": {Channel.EMAIL: 3}})
    await world.notify(10)
    async with world.working():
        await until(lambda: gate.inside == 3)
        assert sum(each.status is DeliveryStatus.SENDING for each in world.deliveries()) == 3
        gate.opened.set()
        await until(all_in(["sent"], world))

    assert gate.most == 3


async def test_a_slot_is_filled_at_once_when_it_comes_free_and_more_is_due() -> None:
    world = World(RecordingChannel(Channel.EMAIL), plan={"slots": {Channel.EMAIL: 1}, "sweep_seconds": 60.0})
    await world.notify(20)
    async with world.working():
        await until(all_in(["sent"], world), 5)


async def test_slow_webhooks_do_not_hold_up_email() -> None:
    gate = Gate()
    email = RecordingChannel(Channel.EMAIL)
    world = World(RecordingChannel(Channel.WEBHOOK, reports=gate), email, plan={"slots": dict.fromkeys(Channel, 2)})
    await world.notify(5, Channel.WEBHOOK)
    async with world.working():
        await until(lambda: gate.inside == 2)
        (mail,) = await world.notify()
        await until(lambda: world.delivery(mail).status is DeliveryStatus.SENT)
        gate.opened.set()
        await until(all_in(["sent"], world))


async def test_nothing_is_sent_before_its_time() -> None:
    channel = RecordingChannel(Channel.EMAIL)
    world = World(channel)
    (later,) = await world.notify()
    async with world.unit_of_work() as uow:
        (claimed,) = await uow.delivery_queue.claim(
            world.scope,
            queue="notifications",
            channel=Channel.EMAIL,
            priority=Priority.NORMAL,
            limit=1,
            lease_seconds=60,
        )
        await uow.delivery_queue.record(world.scope, [_again_in(claimed, 60.0)])
        await uow.commit()
    async with world.working():
        (now,) = await world.notify()
        await until(lambda: world.delivery(now).status is DeliveryStatus.SENT)
        assert world.delivery(later).status is DeliveryStatus.PENDING
        world.clock.advance(60)
        await until(lambda: world.delivery(later).status is DeliveryStatus.SENT)


async def test_urgent_ones_come_first_and_every_eighth_claim_serves_the_lowest_class() -> None:
    channel = RecordingChannel(Channel.EMAIL)
    world = World(channel, plan={"slots": {Channel.EMAIL: 1}})
    bulk = await world.notify(3, priority=Priority.BULK)
    urgent = await world.notify(20, priority=Priority.CRITICAL)
    async with world.working():
        await until(all_in(["sent"], world))

    classes = {each.id: "bulk" for each in bulk} | {each.id: "urgent" for each in urgent}
    order = [classes[message.delivery_id] for message in channel.sent]
    assert order[:8] == ["urgent"] * 7 + ["bulk"]
    assert order[15] == "bulk"
    assert order.count("bulk") == 3


async def test_older_deliveries_are_found_when_the_channel_was_given_another_queue() -> None:
    world = World(
        RecordingChannel(Channel.EMAIL),
        plan={"queues": ("mail", "notifications"), "homes": {Channel.EMAIL: "mail"}},
    )
    (old,) = await world.notify(queue="notifications")
    (new,) = await world.notify(queue="mail")
    (strange,) = await world.notify(queue="elsewhere")
    async with world.working():
        await until(lambda: world.delivery(old).status is DeliveryStatus.SENT)
        await until(lambda: world.delivery(new).status is DeliveryStatus.SENT)

    assert world.delivery(strange).status is DeliveryStatus.PENDING


async def test_a_delivery_that_expired_while_it_waited_is_not_sent() -> None:
    channel = RecordingChannel(Channel.EMAIL)
    world = World(channel)
    (delivery,) = await world.notify(expires_at=world.clock.now() + timedelta(seconds=1))
    world.clock.advance(2)
    async with world.working():
        await until(lambda: world.delivery(delivery).status is DeliveryStatus.EXPIRED)

    assert channel.sent == ()
    assert world.attempts(delivery) == []


def _again_in(claimed: ClaimedDelivery, delay: float) -> DeliveryResult:
    return DeliveryResult(
        delivery_id=claimed.delivery.id,
        notification_id=claimed.delivery.notification_id,
        tenant_id=claimed.delivery.tenant_id,
        token=claimed.token,
        status=DeliveryStatus.PENDING,
        rounds=1,
        delay=delay,
    )
