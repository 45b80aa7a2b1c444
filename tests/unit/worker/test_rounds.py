"""Which provider is asked, and what follows from its answer."""

from datetime import timedelta

import pytest

from application.ports.notification_channel import OutboundMessage, SendReport
from domain.notifications.attempt import AttemptOutcome
from domain.notifications.channel import Channel
from domain.notifications.delivery_status import DeliveryStatus
from infrastructure.memory.recording_channel import RecordingChannel
from tests.unit.worker.world import World, until

OK = SendReport(outcome=AttemptOutcome.OK, status_code=200)
UNAVAILABLE = SendReport(outcome=AttemptOutcome.RETRYABLE, status_code=503, error_code="http.503")
TOO_MANY = SendReport(outcome=AttemptOutcome.THROTTLED, status_code=429, retry_after=60.0)
UNSURE = SendReport(outcome=AttemptOutcome.AMBIGUOUS, error_code="http.timeout")
NO_SUCH_USER = SendReport(outcome=AttemptOutcome.RECIPIENT_PERMANENT, status_code=550, error_code="smtp.no_user")
BAD_PASSWORD = SendReport(outcome=AttemptOutcome.PROVIDER_PERMANENT, status_code=535)


def three(kind: Channel, a: SendReport, b: SendReport, c: SendReport) -> RecordingChannel:
    return RecordingChannel(kind, providers={"a": [a] * 10, "b": [b] * 10, "c": [c] * 10})


async def test_the_third_provider_sends_in_one_round_when_two_cannot() -> None:
    channel = three(Channel.EMAIL, UNAVAILABLE, TOO_MANY, OK)
    world = World(channel)
    async with world.working():
        (delivery,) = await world.notify()
        await until(lambda: world.delivery(delivery).status is DeliveryStatus.SENT)

    attempts = world.attempts(delivery)
    assert [(each.provider, each.outcome.value, each.round) for each in attempts] == [
        ("a", "retryable", 1),
        ("b", "throttled", 1),
        ("c", "ok", 1),
    ]
    assert world.delivery(delivery).rounds == 1
    assert len(channel.accepted) == 1


@pytest.mark.parametrize(("kind", "asked"), [(Channel.EMAIL, ["a"]), (Channel.WEBHOOK, ["a", "b"])])
async def test_an_ambiguous_answer_fails_over_only_where_a_second_copy_does_no_harm(
    kind: Channel, asked: list[str]
) -> None:
    channel = three(kind, UNSURE, OK, OK)
    world = World(channel)
    async with world.working():
        (delivery,) = await world.notify(channel=kind)
        await until(lambda: world.delivery(delivery).rounds == 1)

    assert [each.provider for each in world.attempts(delivery)] == asked
    expected = DeliveryStatus.PENDING if kind is Channel.EMAIL else DeliveryStatus.SENT
    assert world.delivery(delivery).status is expected


async def test_nobody_else_is_asked_when_the_recipient_is_refused() -> None:
    world = World(three(Channel.EMAIL, NO_SUCH_USER, OK, OK))
    async with world.working():
        (delivery,) = await world.notify()
        await until(lambda: world.delivery(delivery).status is DeliveryStatus.FAILED)

    assert world.delivery(delivery).reason == "smtp.no_user"
    assert [each.provider for each in world.attempts(delivery)] == ["a"]


async def test_the_next_round_waits_for_the_schedule_when_all_providers_fail() -> None:
    world = World(three(Channel.EMAIL, UNAVAILABLE, BAD_PASSWORD, UNAVAILABLE))
    async with world.working():
        (delivery,) = await world.notify()
        await until(lambda: world.delivery(delivery).rounds == 1)
        assert world.delivery(delivery).status is DeliveryStatus.PENDING
        assert world.due_in(delivery) == 5.0

        world.clock.advance(5.0)
        await until(lambda: world.delivery(delivery).rounds == 2)
        assert world.due_in(delivery) == 30.0

        world.clock.advance(30.0)
        await until(lambda: world.delivery(delivery).status is DeliveryStatus.FAILED)

    assert world.delivery(delivery).reason == "rounds_exhausted"
    assert len(world.attempts(delivery)) == 9


@pytest.mark.parametrize(
    ("asked", "waits"), [(60.0, 60.0), (1.0, 5.0), (1e9, 86_400.0)], ids=["honoured", "too-soon", "absurd"]
)
async def test_retry_after_is_honoured_within_the_schedule_and_a_day(asked: float, waits: float) -> None:
    throttled = SendReport(outcome=AttemptOutcome.THROTTLED, status_code=429, retry_after=asked)
    world = World(RecordingChannel(Channel.EMAIL, reports=[throttled]))
    async with world.working():
        (delivery,) = await world.notify()
        await until(lambda: world.delivery(delivery).rounds == 1)

    assert world.due_in(delivery) == waits


async def test_no_round_begins_when_the_delivery_expires_before_it() -> None:
    channel = RecordingChannel(Channel.EMAIL, reports=[UNAVAILABLE])
    world = World(channel)
    async with world.working():
        (delivery,) = await world.notify(expires_at=world.clock.now() + timedelta(seconds=2))
        await until(lambda: world.delivery(delivery).rounds == 1)
        assert world.due_in(delivery) == 2.0
        world.clock.advance(2.0)
        await until(lambda: world.delivery(delivery).status is DeliveryStatus.EXPIRED)

    assert len(channel.sent) == 1
    assert world.delivery(delivery).reason == "expired"


async def test_it_is_not_sent_when_it_was_cancelled_before_the_claim() -> None:
    channel = RecordingChannel(Channel.EMAIL)
    world = World(channel)
    (delivery,) = await world.notify()
    async with world.unit_of_work() as uow:
        await uow.notifications.request_cancel("default", delivery.notification_id, world.clock.now())
        await uow.commit()
    async with world.working():
        await until(lambda: world.delivery(delivery).status is DeliveryStatus.CANCELLED)

    assert channel.sent == ()


async def test_it_fails_at_once_when_the_channel_has_no_provider() -> None:
    world = World(RecordingChannel(Channel.EMAIL, providers={}))
    async with world.working():
        (delivery,) = await world.notify()
        await until(lambda: world.delivery(delivery).status is DeliveryStatus.FAILED)

    assert world.delivery(delivery).reason == "no_provider"


async def test_it_is_an_ambiguous_try_when_a_driver_raises() -> None:
    def explode(_: OutboundMessage) -> SendReport:
        raise RuntimeError("planted")

    world = World(RecordingChannel(Channel.EMAIL, reports=explode))
    async with world.working():
        (delivery,) = await world.notify()
        await until(lambda: world.delivery(delivery).rounds == 1)

    (attempt,) = world.attempts(delivery)
    assert (attempt.outcome, attempt.error_code) == (AttemptOutcome.AMBIGUOUS, "provider.crashed")


async def test_what_a_provider_says_is_stored_when_no_store_could_hold_it() -> None:
    wild = SendReport(outcome=AttemptOutcome.RETRYABLE, error_code="x" * 100, detail="a\x00b\ud800" + "c" * 9_000)
    world = World(RecordingChannel(Channel.EMAIL, reports=[wild]))
    async with world.working():
        (delivery,) = await world.notify()
        await until(lambda: world.delivery(delivery).rounds == 1)

    (attempt,) = world.attempts(delivery)
    assert attempt.error_code == "x" * 64
    assert attempt.detail is not None
    assert len(attempt.detail) == 4_000
    assert attempt.detail.startswith("ab?c")


async def test_the_secret_reaches_the_provider_plain_and_a_lost_one_ends_only_its_own_delivery() -> None:
    channel = RecordingChannel(Channel.WEBHOOK)
    world = World(channel)
    (good,) = await world.notify(
        channel=Channel.WEBHOOK, address={"url": "https://a.example", "secret": "sealed:whsec_own"}
    )
    (bad,) = await world.notify(channel=Channel.WEBHOOK, address={"url": "https://b.example", "secret": "garbage"})
    async with world.working():
        await until(lambda: world.delivery(bad).status is DeliveryStatus.FAILED)
        await until(lambda: world.delivery(good).status is DeliveryStatus.SENT)

    assert [each.address["secret"] for each in channel.sent] == ["whsec_own"]
    assert world.delivery(bad).reason == "secret_unreadable"
