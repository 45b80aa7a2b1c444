"""What is written when a request to notify is accepted."""

from datetime import timedelta
from uuid import UUID

import pytest
from dependency_injector import providers

from application.inbox.mark_inbox import MarkInboxCommand
from application.notifications.channel_policy import ChannelPolicy
from container import Container
from domain.inbox.item import Mark
from domain.notifications.channel import Channel
from domain.notifications.content import Content, Recipient
from domain.notifications.errors import IntakeOverloaded, TransactionConflict
from domain.notifications.notification_status import Counts, NotificationStatus
from domain.shared.errors import InvalidInput
from infrastructure.memory.fixed_clock import FixedClock
from tests.unit.application.asking import (
    EMAIL,
    as_subscriber,
    counters,
    deliveries,
    inbox,
    make_topic,
    names,
    notification,
    reached,
    request,
    send,
    topic,
    under_key,
    with_email,
)
from tests.unit.application.due_jobs import run_due_jobs


@pytest.mark.parametrize(("number", "at_once"), [(83, 83), (84, 0)])
async def test_recipients_are_written_at_once_when_they_take_500_rows_at_most(
    container: Container, number: int, at_once: int
) -> None:
    sent = await send(container, request(*names(number)))
    assert len(await reached(container, sent.id)) == at_once
    assert (sent.status, sent.recipients) == ("accepted", number)

    assert len(await run_due_jobs(container)) == (0 if at_once else 1)
    assert len(await reached(container, sent.id)) == number


async def test_topic_is_left_to_a_job_when_it_is_small(container: Container) -> None:
    await make_topic(container, "news", ["ann"])
    sent = await send(container, request(topic("news")))
    assert (sent.recipients, await reached(container, sent.id)) == (None, [])


async def test_first_answer_is_given_again_when_a_transaction_is_repeated(container: Container) -> None:
    first = await send(container, request("ann", transaction_id="order-42"))
    assert await send(container, request("ann", transaction_id="order-42")) == first
    assert len(await inbox(container, "ann")) == 1


async def test_request_is_refused_when_its_transaction_was_another(container: Container) -> None:
    await send(container, request("ann", transaction_id="order-42"))
    with pytest.raises(TransactionConflict):
        await send(container, request("bob", transaction_id="order-42", fingerprint="another"))
    view = await container.get_notification()(request().principal, transaction_id="order-42")
    assert await reached(container, view.id) == ["ann"]


async def test_first_answer_is_given_again_when_an_idempotency_key_is_repeated(container: Container) -> None:
    first = await container.send_notification()(request("ann", idempotency=under_key("k")))
    again = await container.send_notification()(request("ann", idempotency=under_key("k")))
    assert (first.replayed, again.replayed, again.view) == (False, True, first.view)
    assert len(await inbox(container, "ann")) == 1


async def test_nothing_is_written_before_its_time_when_scheduled(container: Container, clock: FixedClock) -> None:
    sent = await send(container, request("ann", "bob", send_at=clock.now() + timedelta(hours=1)))
    clock.advance(3_599)
    assert await run_due_jobs(container) == []
    assert (sent.status, await reached(container, sent.id)) == ("scheduled", [])
    assert (await notification(container, sent.id)).status is NotificationStatus.SCHEDULED

    clock.advance(1)
    await run_due_jobs(container)
    view = await notification(container, sent.id)
    assert (view.counts, view.recipients, view.status) == (Counts(sent=2), 2, NotificationStatus.COMPLETED)


async def test_intake_is_refused_when_a_channel_is_too_far_behind(container: Container, clock: FixedClock) -> None:
    earlier = await send(container, request(with_email("ann"), channels=EMAIL))
    clock.advance(container.settings().notification.intake_max_lag + 5)
    await container.measure_intake_lag()()
    with pytest.raises(IntakeOverloaded) as refusal:
        await send(container, request("bob", channels=(Channel.IN_APP, Channel.EMAIL)))
    assert refusal.value.retry_after == pytest.approx(6)
    assert (await send(container, request("bob"))).status == "accepted"
    assert await reached(container, earlier.id) == ["ann"]


async def outcomes(container: Container, notification_id: UUID) -> list[tuple[str, str, str | None]]:
    return [(one.channel, one.status, one.reason) for one in await deliveries(container, notification_id)]


async def test_delivery_is_suppressed_when_its_channel_is_off(container: Container) -> None:
    policies = container.channel_policies()
    off = ChannelPolicy(enabled=False, schedule=policies[Channel.EMAIL].schedule)
    with container.channel_policies.override(providers.Object({**policies, Channel.EMAIL: off})):
        sent = await send(container, request(with_email("ann"), channels=(Channel.EMAIL, Channel.IN_APP)))
    assert await outcomes(container, sent.id) == [("email", "suppressed", "channel_disabled"), ("in_app", "sent", None)]
    assert (await notification(container, sent.id)).status is NotificationStatus.COMPLETED


async def test_delivery_is_suppressed_when_there_is_no_contact_point(container: Container) -> None:
    sent = await send(container, request("ann", channels=(Channel.EMAIL, Channel.WEBHOOK)))
    assert await outcomes(container, sent.id) == [
        ("email", "suppressed", "no_contact_point"),
        ("webhook", "suppressed", "no_contact_point"),
    ]


async def test_nothing_is_delivered_when_it_is_a_dry_run(container: Container) -> None:
    sent = await send(container, request(with_email("ann"), channels=(Channel.EMAIL, Channel.IN_APP), dry_run=True))
    assert await outcomes(container, sent.id) == [
        ("email", "suppressed", "dry_run"),
        ("in_app", "suppressed", "dry_run"),
    ]
    assert (await inbox(container, "ann"), await counters(container, "ann")) == ([], (0, 0))
    assert (await notification(container, sent.id)).status is NotificationStatus.COMPLETED


async def test_first_reachable_channel_is_picked_when_routing_is_single(container: Container) -> None:
    channels = (Channel.WEBHOOK, Channel.EMAIL, Channel.IN_APP)
    sent = await send(container, request(with_email("ann"), "bob", channels=channels, routing="single"))
    assert await outcomes(container, sent.id) == [("email", "pending", None), ("in_app", "sent", None)]
    assert sent.recipients == 2


async def test_first_channel_says_why_when_routing_is_single_and_none_is_reachable(container: Container) -> None:
    channels = (Channel.WEBHOOK, Channel.EMAIL)
    sent = await send(container, request("ann", channels=channels, routing="single"))
    assert await outcomes(container, sent.id) == [("webhook", "suppressed", "no_contact_point")]


async def test_recipients_are_counted_once_when_a_job_writes_two_channels(container: Container) -> None:
    await make_topic(container, "news", names(100))
    sent = await send(container, request(topic("news"), channels=(Channel.EMAIL, Channel.IN_APP)))
    await run_due_jobs(container)
    view = await notification(container, sent.id)
    assert (view.recipients, view.counts) == (100, Counts(sent=100, suppressed=100))


async def test_item_is_replaced_when_the_sequence_is_the_same(container: Container, clock: FixedClock) -> None:
    await send(container, request("ann", sequence_id="train-7"))
    [before] = await inbox(container, "ann")
    await container.mark_inbox()(_read_all())
    assert await counters(container, "ann") == (0, 0)

    clock.advance(60)
    later = await send(container, request("ann", sequence_id="train-7", content=Content(title="Late")))
    [item] = await inbox(container, "ann")
    assert (item.id, item.title, item.notification_id) == (before.id, "Late", later.id)
    assert (item.unread, item.unseen, item.created_at) == (True, True, before.created_at)
    assert await counters(container, "ann") == (1, 1)


async def test_counters_stay_when_an_unread_item_is_replaced(container: Container) -> None:
    await send(container, request("ann", sequence_id="train-7"))
    await send(container, request("ann", sequence_id="train-7"))
    await send(container, request("ann", sequence_id="train-8"))
    assert (len(await inbox(container, "ann")), await counters(container, "ann")) == (2, (2, 2))


async def test_every_problem_is_told_when_a_request_has_several(container: Container, clock: FixedClock) -> None:
    bad = Recipient(subscriber_id="ann", contact={"email": "nobody", "phone": "12"})
    wrong = request(bad, topic("news"), Recipient(), expires_at=clock.now(), channels=())
    with pytest.raises(InvalidInput) as refusal:
        await send(container, wrong)
    paths = {problem.path for problem in refusal.value.problems}
    assert paths == {"to[0].email", "to[0].phone", "to[2]", "expiresAt", "channels"}


def _read_all() -> MarkInboxCommand:
    return MarkInboxCommand(principal=as_subscriber("ann"), mark=Mark.READ)
