"""When an audience is written out, how far at a time, and behind whom."""

from datetime import timedelta

from container import Container
from domain.notifications.content import Severity
from domain.notifications.delivery import Priority
from domain.notifications.notification_status import Counts, NotificationStatus
from infrastructure.memory.fixed_clock import FixedClock
from tests.unit.application.asking import (
    BACKEND,
    EMAIL,
    make_topic,
    names,
    notification,
    priorities,
    reached,
    request,
    send,
    topic,
    with_email,
)
from tests.unit.application.due_jobs import run_due_jobs
from tests.unit.application.sending import mail_out

MANY = [with_email(name) for name in names(1_300)]


async def test_next_page_waits_when_a_thousand_are_unsent(container: Container, clock: FixedClock) -> None:
    sent = await send(container, request(*MANY, channels=EMAIL))
    assert await run_due_jobs(container) == ["release"]
    written = (await notification(container, sent.id)).counts.pending
    assert 1_000 <= written < 1_300

    clock.advance(1)
    assert await run_due_jobs(container) == ["release"]
    assert (await notification(container, sent.id)).counts.pending == written


async def test_next_page_is_written_when_enough_were_sent(container: Container, clock: FixedClock) -> None:
    sent = await send(container, request(*MANY, channels=EMAIL))
    await run_due_jobs(container)
    await mail_out(container, 400)
    clock.advance(1)
    assert await run_due_jobs(container) == ["complete"]
    view = await notification(container, sent.id)
    assert (view.recipients, view.counts) == (1_300, Counts(sent=400, pending=900))
    assert view.status is NotificationStatus.PROCESSING


async def test_nobody_else_is_written_when_cancelled_in_the_middle(container: Container, clock: FixedClock) -> None:
    sent = await send(container, request(*MANY, channels=EMAIL))
    await run_due_jobs(container)
    written = len(await reached(container, sent.id))
    await container.cancel_notification()(BACKEND, sent.id)
    clock.advance(1)
    await run_due_jobs(container)

    view = await notification(container, sent.id)
    assert (view.counts, view.recipients) == (Counts(cancelled=written), written)
    assert view.status is NotificationStatus.CANCELLED


async def test_nothing_is_written_when_it_expired_before_it_was_due(container: Container, clock: FixedClock) -> None:
    later = clock.now() + timedelta(hours=1)
    sent = await send(container, request("ann", send_at=later, expires_at=later + timedelta(minutes=1)))
    clock.advance(3_660)
    await run_due_jobs(container)
    view = await notification(container, sent.id)
    assert (view.counts, view.status) == (Counts(), NotificationStatus.EXPIRED)
    assert view.finished_at is not None


async def test_it_waits_behind_everyone_when_it_has_more_than_a_thousand_recipients(container: Container) -> None:
    sent = await send(container, request(*MANY[:1_001], channels=EMAIL))
    await run_due_jobs(container)
    assert await priorities(container, sent.id) == {Priority.BULK}


async def test_it_waits_with_the_others_when_it_has_a_thousand_recipients(container: Container) -> None:
    sent = await send(container, request(*MANY[:1_000], channels=EMAIL))
    await run_due_jobs(container)
    assert await priorities(container, sent.id) == {Priority.NORMAL}


async def test_it_goes_before_the_others_when_its_severity_is_high(container: Container) -> None:
    sent = await send(container, request(*MANY, channels=EMAIL, severity=Severity.HIGH))
    await run_due_jobs(container)
    assert await priorities(container, sent.id) == {Priority.HIGH}


async def test_pages_behind_the_thousandth_wait_behind_everyone_when_the_size_was_unknown(
    container: Container,
) -> None:
    members = names(1_200)
    await make_topic(container, "news", members)
    sent = await send(container, request(topic("news")))
    await run_due_jobs(container)
    stored = container.memory_database().deliveries.committed.where("notification", sent.id)
    last = max(stored, key=lambda entry: entry.item.id)
    assert (last.item.priority, await reached(container, sent.id)) == (Priority.BULK, members)
