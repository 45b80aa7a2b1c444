"""Sending again what was not sent: one delivery, or all that a filter finds."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from dependency_injector import providers

from application.notifications import replay_deliveries
from application.notifications.ports import DeadLetterFilter
from application.notifications.views import DeliveryView
from application.ports.delivery_queue import ClaimedDelivery, DeliveryResult
from container import Container
from domain.identity.principal import Principal
from domain.notifications.channel import Channel
from domain.notifications.delivery_status import DeliveryStatus
from domain.notifications.notification_status import Counts, NotificationStatus
from domain.notifications.redrive import DeliveryNotFound, NotRedrivable
from infrastructure.memory.dead_letters import MemoryDeadLetterReader
from infrastructure.memory.fixed_clock import FixedClock
from tests.unit.application.asking import (
    BACKEND,
    EMAIL,
    IN_APP,
    deliveries,
    names,
    notification,
    request,
    send,
    under_key,
    with_email,
)
from tests.unit.application.due_jobs import run_due_jobs
from tests.unit.application.sending import lease_mail, mail_out


def failure(claimed: ClaimedDelivery, container: Container) -> DeliveryResult:
    return DeliveryResult(
        delivery_id=claimed.delivery.id,
        notification_id=claimed.delivery.notification_id,
        tenant_id=claimed.delivery.tenant_id,
        token=claimed.token,
        status=DeliveryStatus.FAILED,
        reason="rounds_exhausted",
        rounds=3,
        finished_at=container.clock().now(),
    )


async def mail_fails(container: Container, number: int) -> None:
    """So many mails are given up."""
    claimed = await lease_mail(container, number)
    assert len(claimed) == number
    async with container.unit_of_work() as uow:
        await uow.delivery_queue.record(container.scope(), [failure(one, container) for one in claimed])
        await uow.commit()


async def failed_mail(container: Container, *people: str, **fields: Any) -> UUID:
    """A notification of which every mail has failed. Any: fields of the command."""
    sent = await send(container, request(*map(with_email, people or ("ann",)), channels=EMAIL, **fields))
    await mail_fails(container, len(people) or 1)
    return sent.id


async def fold(container: Container) -> None:
    async with container.unit_of_work() as uow:
        await uow.relay.fold(
            container.scope(), await uow.relay.take_tallies(container.scope(), 1_000), container.clock().now()
        )
        await uow.commit()


async def redrive(container: Container, delivery_id: UUID) -> DeliveryView:
    view: DeliveryView = (await container.redrive_delivery()(BACKEND, delivery_id)).view
    return view


async def test_new_delivery_is_sent_and_the_failed_one_stays_when_redriven(
    container: Container, clock: FixedClock
) -> None:
    notification_id = await failed_mail(container)
    await fold(container)
    (failed,) = await deliveries(container, notification_id)
    assert (await notification(container, notification_id)).status is NotificationStatus.FAILED
    clock.advance(60)

    answered = await redrive(container, failed.id)
    (first, second) = await deliveries(container, notification_id)
    assert (first, second) == (failed, answered)
    assert (second.replay_of, second.generation, second.status, second.rounds) == (failed.id, 1, "pending", 0)
    assert second.created_at == clock.now()
    for _ in range(2):
        view = await notification(container, notification_id)
        assert (view.status, view.finished_at) == (NotificationStatus.PROCESSING, None)
        await fold(container)

    await mail_out(container, 1)
    for _ in range(2):
        view = await notification(container, notification_id)
        assert (view.counts, view.status) == (Counts(sent=1, failed=1), NotificationStatus.PARTIALLY_FAILED)
        assert view.finished_at is not None
        await fold(container)


async def test_same_new_delivery_is_answered_when_redriven_twice(container: Container) -> None:
    notification_id = await failed_mail(container)
    (failed,) = await deliveries(container, notification_id)
    first = await redrive(container, failed.id)
    await mail_out(container, 1)

    again = await redrive(container, failed.id)
    assert (again.id, again.status) == (first.id, "sent")
    assert (await notification(container, notification_id)).counts == Counts(sent=1, failed=1)


class LateReader(MemoryDeadLetterReader):
    """Sees a replay one look too late, as somebody does whom another one overtakes."""

    looks = 0

    async def replay_of(self, tenant_id: str, delivery_id: UUID) -> DeliveryView | None:
        self.looks += 1
        return None if self.looks == 1 else await super().replay_of(tenant_id, delivery_id)


async def test_the_others_delivery_is_answered_when_somebody_was_faster(container: Container) -> None:
    notification_id = await failed_mail(container)
    (failed,) = await deliveries(container, notification_id)
    first = await redrive(container, failed.id)
    late = LateReader(database=container.memory_database())
    with container.dead_letter_reader.override(providers.Object(late)):
        assert (await redrive(container, failed.id)).id == first.id
    assert late.looks == 2
    assert (await notification(container, notification_id)).counts == Counts(pending=1, failed=1)


async def test_answer_is_replayed_when_the_idempotency_key_is_repeated(container: Container) -> None:
    (failed,) = await deliveries(container, await failed_mail(container))
    first = await container.redrive_delivery()(BACKEND, failed.id, idempotency=under_key("k"))
    await mail_out(container, 1)
    again = await container.redrive_delivery()(BACKEND, failed.id, idempotency=under_key("k"))
    assert (again.view, first.replayed, again.replayed) == (first.view, False, True)


async def test_generation_goes_on_when_the_replay_fails_and_is_redriven(container: Container) -> None:
    (failed,) = await deliveries(container, await failed_mail(container))
    second = await redrive(container, failed.id)
    await mail_fails(container, 1)
    third = await redrive(container, second.id)
    assert (third.generation, third.replay_of) == (2, second.id)
    assert (await redrive(container, failed.id)).id == second.id


async def test_it_is_refused_when_nothing_may_be_tried_again(container: Container) -> None:
    pending = await send(container, request(with_email("ann"), channels=EMAIL))
    in_app = await send(container, request("ann", channels=IN_APP))
    dry = await send(container, request(with_email("ann"), channels=EMAIL, dry_run=True))
    for notification_id in (pending.id, in_app.id, dry.id):
        (delivery,) = await deliveries(container, notification_id)
        with pytest.raises(NotRedrivable):
            await redrive(container, delivery.id)
    await mail_out(container, 1)
    (delivery,) = await deliveries(container, pending.id)
    with pytest.raises(NotRedrivable):
        await redrive(container, delivery.id)


async def test_it_is_refused_when_its_notification_was_called_off(container: Container) -> None:
    sent = await send(container, request(with_email("ann"), with_email("bob"), channels=EMAIL))
    await mail_fails(container, 1)
    await container.cancel_notification()(BACKEND, sent.id)
    for delivery in await deliveries(container, sent.id):
        with pytest.raises(NotRedrivable):
            await redrive(container, delivery.id)


async def test_it_is_not_found_when_it_is_another_tenants(container: Container) -> None:
    (failed,) = await deliveries(container, await failed_mail(container))
    with pytest.raises(DeliveryNotFound):
        await container.redrive_delivery()(Principal.system("stranger"), failed.id)
    with pytest.raises(DeliveryNotFound):
        await container.get_delivery()(Principal.system("stranger"), failed.id)


async def test_address_that_came_later_is_used_when_a_suppressed_one_is_redriven(container: Container) -> None:
    sent = await send(container, request("ann", channels=EMAIL))
    (suppressed,) = await deliveries(container, sent.id)
    assert suppressed.reason == "no_contact_point"
    await send(container, request(with_email("ann"), channels=IN_APP))
    await redrive(container, suppressed.id)
    await mail_out(container, 1)
    assert (await notification(container, sent.id)).counts == Counts(sent=1, suppressed=1)


async def test_replay_expires_with_the_first_one_or_never_when_that_time_is_over(
    container: Container, clock: FixedClock
) -> None:
    end = clock.now() + timedelta(hours=1)
    notification_id = await failed_mail(container, expires_at=end)
    (failed,) = await deliveries(container, notification_id)
    first = await redrive(container, failed.id)
    assert (await container.dead_letter_reader().get(BACKEND.tenant_id, first.id)).expires_at == end
    await mail_fails(container, 1)
    clock.advance(7_200)
    second = await redrive(container, first.id)
    assert (await container.dead_letter_reader().get(BACKEND.tenant_id, second.id)).expires_at is None
    await mail_out(container, 1)


async def test_all_that_match_are_redriven_once_when_a_job_takes_several_pages(
    container: Container, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replay_deliveries, "PAGE", 4)
    many = await failed_mail(container, *names(10))
    one = await failed_mail(container)
    wanted = DeadLetterFilter(reasons=("rounds_exhausted",))

    answer = await container.redrive_deliveries()(BACKEND, wanted)
    twice = await container.redrive_deliveries()(BACKEND, wanted)
    await run_due_jobs(container)

    assert (answer.view.redriven, twice.view.redriven) == (11, 11)
    assert (await notification(container, many)).counts == Counts(pending=10, failed=10)
    assert (await notification(container, one)).counts == Counts(pending=1, failed=1)
    assert (await container.redrive_deliveries()(BACKEND, wanted)).view.redriven == 0
    assert await run_due_jobs(container) == []


async def test_what_fails_after_it_was_asked_for_is_left_when_the_job_runs(container: Container) -> None:
    first = await failed_mail(container)
    await container.redrive_deliveries()(BACKEND, DeadLetterFilter())
    later = await failed_mail(container, "bob")
    await run_due_jobs(container)
    assert (await notification(container, first)).counts == Counts(pending=1, failed=1)
    assert (await notification(container, later)).counts == Counts(failed=1)


async def test_each_redrive_is_noted_once_when_somebody_asks(container: Container) -> None:
    (failed,) = await deliveries(container, await failed_mail(container))
    replay = await redrive(container, failed.id)
    await redrive(container, failed.id)
    await mail_fails(container, 1)
    await container.redrive_deliveries()(BACKEND, DeadLetterFilter(channels=(Channel.EMAIL.value,)))
    (job,) = await run_due_jobs(container)

    async with container.unit_of_work() as uow:
        await uow.relay.seal_audit(container.scope(), 1_000)
        await uow.commit()
    page = await container.audit_reader().page(BACKEND.tenant_id, after=0, limit=100)
    noted = [sealed.recorded.entry for sealed in page if sealed.recorded.entry.action == "delivery.redrive"]
    assert [(one.target.partition(":")[0], dict(one.detail)) for one in noted] == [
        ("delivery", {"replay": str(replay.id)}),
        ("job", {"deliveries": 1, "filters": ["statuses", "channels"]}),
    ]
    assert noted[0].target == f"delivery:{failed.id}"
    assert job is not None


async def test_list_is_paged_newest_first_when_many_have_failed(container: Container) -> None:
    notification_id = await failed_mail(container, *names(5))
    listed: list[DeliveryView] = []
    cursor = None
    while not listed or cursor:
        page = await container.list_dead_letters()(BACKEND, DeadLetterFilter(), cursor=cursor, limit=2)
        listed += page.items
        cursor = page.next_cursor
    assert listed == (await deliveries(container, notification_id))[::-1]
    assert await container.get_delivery()(BACKEND, listed[0].id) == replace(listed[0])
