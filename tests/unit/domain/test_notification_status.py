"""What a notification's deliveries make of it."""

from dataclasses import astuple, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.notifications.content import Audience, Content, Recipient, Severity
from domain.notifications.delivery import Priority
from domain.notifications.delivery_status import FINAL, OPEN, DeliveryStatus
from domain.notifications.notification import BULK_RECIPIENTS, Notification
from domain.notifications.notification_status import UNFINISHED, Counts, Ending, NotificationStatus, derive_status

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SOON = NOW + timedelta(seconds=1)
NUMBERS = st.integers(0, 3)
COUNTS = st.builds(
    Counts,
    pending=NUMBERS,
    sending=NUMBERS,
    sent=NUMBERS,
    failed=NUMBERS,
    expired=NUMBERS,
    cancelled=NUMBERS,
    suppressed=NUMBERS,
)
FINISHED_COUNTS = COUNTS.map(lambda counts: replace(counts, pending=0, sending=0))
ENDINGS = st.sampled_from([None, *Ending])


def notification(**changes: Any) -> Notification:  # Any: fields of several types
    plain = Notification(
        id=UUID(int=1),
        tenant_id="default",
        transaction_id="t1",
        fingerprint="f",
        content=Content(title="T"),
        audience=Audience(),
        created_at=NOW,
    )
    return replace(plain, **changes)


def status_of(**numbers: int) -> NotificationStatus:
    return derive_status(Counts(**numbers), due=True, expanded=True)


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ({}, "completed"),
        ({"pending": 1, "failed": 9}, "processing"),
        ({"sending": 1, "sent": 9}, "processing"),
        ({"sent": 2}, "completed"),
        ({"sent": 1, "cancelled": 1}, "completed"),
        ({"sent": 1, "suppressed": 1}, "completed"),
        ({"suppressed": 2}, "completed"),
        ({"suppressed": 1, "cancelled": 1}, "completed"),
        ({"cancelled": 2}, "cancelled"),
        ({"expired": 2}, "expired"),
        ({"failed": 2}, "failed"),
        ({"failed": 1, "expired": 1}, "failed"),
        ({"failed": 1, "suppressed": 1}, "failed"),
        ({"expired": 1, "cancelled": 1}, "failed"),
        ({"sent": 1, "failed": 1}, "partially_failed"),
        ({"sent": 1, "expired": 1}, "partially_failed"),
    ],
)
def test_the_status_is_the_first_that_holds_when_expanded(numbers: dict[str, int], expected: str) -> None:
    assert status_of(**numbers) == expected


@given(COUNTS, ENDINGS)
def test_it_is_scheduled_or_accepted_when_not_expanded(counts: Counts, ending: Ending | None) -> None:
    assert derive_status(counts, due=False, expanded=False, ending=ending) is NotificationStatus.SCHEDULED
    assert derive_status(counts, due=True, expanded=False, ending=ending) is NotificationStatus.ACCEPTED


@pytest.mark.parametrize(
    ("ending", "expected"), [(None, "completed"), (Ending.CANCELLED, "cancelled"), (Ending.EXPIRED, "expired")]
)
def test_it_is_as_it_ended_when_nothing_was_written_out(ending: Ending | None, expected: str) -> None:
    assert derive_status(Counts(), due=True, expanded=True, ending=ending) == expected


@given(COUNTS, st.booleans(), ENDINGS)
def test_it_is_finished_exactly_when_expanded_and_nothing_is_open(
    counts: Counts, due: bool, ending: Ending | None
) -> None:
    finished = derive_status(counts, due=due, expanded=True, ending=ending) not in UNFINISHED
    assert finished == (counts.open == 0)


@given(FINISHED_COUNTS.filter(lambda counts: counts.total > 0), ENDINGS)
def test_every_word_means_what_it_says_when_finished(counts: Counts, ending: Ending | None) -> None:
    status = derive_status(counts, due=True, expanded=True, ending=ending)

    missed = counts.failed + counts.expired
    assert (status is NotificationStatus.CANCELLED) == (counts.cancelled == counts.total)
    assert (status is NotificationStatus.EXPIRED) == (counts.expired == counts.total)
    assert (status is NotificationStatus.PARTIALLY_FAILED) == (counts.sent > 0 and missed > 0)
    assert (status is NotificationStatus.COMPLETED) == (missed == 0 and counts.cancelled < counts.total)


@given(FINISHED_COUNTS, st.integers(1, 4))
def test_the_status_does_not_depend_on_the_size_when_all_counts_grow_alike(counts: Counts, factor: int) -> None:
    grown = Counts(**{name: number * factor for name, number in zip(Counts.__slots__, astuple(counts), strict=True)})
    assert derive_status(grown, due=True, expanded=True) is derive_status(counts, due=True, expanded=True)


@given(COUNTS, st.sampled_from(DeliveryStatus), st.integers(-3, 3))
def test_only_one_count_changes_when_deliveries_are_added(counts: Counts, status: DeliveryStatus, number: int) -> None:
    changed = counts.plus(status, number)

    assert getattr(changed, status.value) == getattr(counts, status.value) + number
    assert changed.total == counts.total + number
    assert changed.plus(status, -number) == counts
    assert changed.open == counts.open + (number if status in OPEN else 0)


def test_there_is_a_count_for_every_status_when_deliveries_are_counted() -> None:
    assert set(Counts.__slots__) == {status.value for status in FINAL | OPEN}


def test_the_end_is_kept_when_the_status_is_derived_again() -> None:
    done = notification(expanded=True, counts=Counts(sent=1)).derived(NOW)
    assert (done.status, done.finished_at) == (NotificationStatus.COMPLETED, NOW)
    assert done.derived(SOON) == done


def test_there_is_no_end_when_something_is_open_again() -> None:
    done = notification(expanded=True, counts=Counts(sent=1)).derived(NOW)
    reopened = replace(done, counts=done.counts.plus(DeliveryStatus.PENDING)).derived(SOON)
    assert (reopened.status, reopened.finished_at) == (NotificationStatus.PROCESSING, None)


def test_it_is_due_at_the_very_instant_when_scheduled() -> None:
    scheduled = notification(send_at=SOON)
    assert notification().due(NOW)
    assert not scheduled.due(NOW)
    assert scheduled.due(SOON)
    assert scheduled.derived(NOW).status is NotificationStatus.SCHEDULED
    assert scheduled.derived(SOON).status is NotificationStatus.ACCEPTED


def test_it_is_expired_at_the_very_instant_when_it_may_expire() -> None:
    assert not notification().expired(NOW)
    assert not notification(expires_at=SOON).expired(NOW)
    assert notification(expires_at=SOON).expired(SOON)


@pytest.mark.parametrize(
    ("severity", "recipients", "priority"),
    [
        (Severity.NONE, 1, Priority.NORMAL),
        (Severity.MEDIUM, BULK_RECIPIENTS, Priority.NORMAL),
        (Severity.LOW, BULK_RECIPIENTS + 1, Priority.BULK),
        (Severity.HIGH, 1, Priority.HIGH),
        (Severity.HIGH, BULK_RECIPIENTS + 1, Priority.HIGH),
    ],
)
def test_large_audiences_wait_behind_everyone_when_not_severe(
    severity: Severity, recipients: int, priority: Priority
) -> None:
    assert notification(severity=severity).priority(recipients) is priority


def test_distinct_subscribers_are_counted_when_all_are_named() -> None:
    entries = tuple(Recipient(subscriber_id=name) for name in ("u1", "u2", "u1"))
    audience = Audience(entries=entries)
    assert audience.named
    assert audience.size == 2
    assert Audience().size == 0


@pytest.mark.parametrize(
    "audience", [Audience(everyone=True), Audience(entries=(Recipient(subscriber_id="u1"), Recipient(topic="t")))]
)
def test_the_size_is_unknown_when_the_database_must_be_asked(audience: Audience) -> None:
    assert not audience.named
    assert audience.size is None
