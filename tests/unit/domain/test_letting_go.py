"""What is stored of work when its worker lets go of it."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from domain.jobs.job import IllegalJobTransition, Job, JobStatus, JobTrigger
from domain.notifications.channel import Channel
from domain.notifications.delivery import POISON, Delivery, Priority
from domain.notifications.delivery_status import DeliveryStatus, IllegalTransition
from domain.shared.lease import Lease, Suspicion

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LEASE = Lease(owner="worker-1", token=7)
SENDING = Delivery(
    id=UUID(int=1),
    tenant_id="default",
    notification_id=UUID(int=2),
    target="u1",
    channel=Channel.EMAIL,
    queue="notifications",
    priority=Priority.NORMAL,
    status=DeliveryStatus.SENDING,
    lease=LEASE,
    leased_at=NOW,
    suspicion=Suspicion.ALONE,
    crashes=2,
    created_at=NOW,
)
RUNNING = Job(
    id=UUID(int=3),
    tenant_id="default",
    name="notes.write",
    queue="default",
    priority=2,
    payload=b"{}",
    status=JobStatus.RUNNING,
    attempts=2,
    lease=LEASE,
    suspicion=Suspicion.ALONE,
    crashes=2,
    last_error="ValueError: before",
    created_at=NOW,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    status: DeliveryStatus = DeliveryStatus.PENDING
    reason: str | None = None
    rounds: int = 1
    delay: float | None = None
    finished_at: datetime | None = None


@pytest.mark.parametrize(
    ("expires_in", "delay", "due_in"), [(None, 30.0, 30.0), (20.0, 30.0, 20.0), (40.0, 30.0, 30.0), (None, None, 0.0)]
)
def test_it_is_due_again_no_later_than_it_expires_when_it_waits_for_another_round(
    expires_in: float | None, delay: float | None, due_in: float
) -> None:
    expires_at = None if expires_in is None else NOW + timedelta(seconds=expires_in)
    waiting = replace(SENDING, expires_at=expires_at).recorded(End(delay=delay, rounds=3), NOW)

    assert waiting.next_attempt_at == NOW + timedelta(seconds=due_in)
    assert (waiting.status, waiting.rounds, waiting.finished_at) == (DeliveryStatus.PENDING, 3, None)


@pytest.mark.parametrize(
    ("status", "reason", "crashes"),
    [
        (DeliveryStatus.SENT, None, 0),
        (DeliveryStatus.FAILED, "rounds_exhausted", 0),
        (DeliveryStatus.FAILED, POISON, 2),
    ],
)
def test_only_poison_keeps_its_crashes_when_a_delivery_has_ended(
    status: DeliveryStatus, reason: str | None, crashes: int
) -> None:
    ended = SENDING.recorded(End(status=status, reason=reason, finished_at=NOW), NOW)

    assert (ended.status, ended.reason, ended.finished_at, ended.next_attempt_at) == (status, reason, NOW, None)
    assert (ended.crashes, ended.suspicion, ended.lease, ended.leased_at) == (crashes, Suspicion.NONE, None, None)


def test_it_is_due_at_once_and_free_of_suspicion_when_a_delivery_is_released() -> None:
    waiting = SENDING.released(NOW)

    assert (waiting.status, waiting.next_attempt_at, waiting.rounds) == (DeliveryStatus.PENDING, NOW, SENDING.rounds)
    assert (waiting.crashes, waiting.suspicion, waiting.lease) == (0, Suspicion.NONE, None)
    with pytest.raises(IllegalTransition):
        waiting.released(NOW)


@pytest.mark.parametrize(
    ("trigger", "status", "attempts", "crashes", "error"),
    [
        (JobTrigger.COMPLETE, JobStatus.SUCCEEDED, 2, 0, None),
        (JobTrigger.RETRY, JobStatus.PENDING, 2, 0, "ValueError: now"),
        (JobTrigger.RELEASE, JobStatus.PENDING, 1, 0, "ValueError: now"),
        (JobTrigger.BURY, JobStatus.DEAD, 2, 2, "ValueError: now"),
        (JobTrigger.CANCEL, JobStatus.CANCELLED, 2, 0, "ValueError: now"),
    ],
)
def test_tries_crashes_and_error_follow_from_how_a_job_was_let_go(
    trigger: JobTrigger, status: JobStatus, attempts: int, crashes: int, error: str | None
) -> None:
    job = RUNNING.after(trigger, error="ValueError: now", at=NOW)

    assert (job.status, job.attempts, job.crashes, job.last_error) == (status, attempts, crashes, error)
    assert job.lease is None
    assert job.finished_at == (None if status is JobStatus.PENDING else NOW)
    with pytest.raises(IllegalJobTransition):
        job.after(JobTrigger.COMPLETE)


def test_the_error_before_is_kept_when_a_job_is_given_back_without_one() -> None:
    assert RUNNING.after(JobTrigger.RELEASE).last_error == "ValueError: before"
