"""Leaving failing providers alone."""

from application.ports.notification_channel import OutboundMessage, SendReport
from domain.notifications.attempt import AttemptOutcome
from domain.notifications.channel import Channel
from domain.notifications.delivery_status import DeliveryStatus
from infrastructure.memory.recording_channel import RecordingChannel
from tests.unit.worker.world import World, all_in, until

DOWN = SendReport(outcome=AttemptOutcome.RETRYABLE, status_code=500)
FULL_INBOX = SendReport(outcome=AttemptOutcome.RECIPIENT_PERMANENT, status_code=552)


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
        await until(lambda: all(world.delivery(each).rounds == 1 for each in broken))
        await until(lambda: world.delivery(fine).status is DeliveryStatus.SENT)

    assert sum("down" in each.message.address["url"] for each in channel.tries) == 10
