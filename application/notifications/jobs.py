"""The jobs of this module: their payloads and how they are enqueued."""

from dataclasses import dataclass
from uuid import UUID

from application.ports.job_queue import NewJob
from application.shared.job_spec import JobSpec
from domain.notifications.content import Severity
from domain.notifications.delivery import Priority
from domain.notifications.notification import Notification


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationJob:
    """A job about one notification."""

    notification_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientJob:
    """A job about everything that waits for one recipient."""

    subscriber_id: str


# An audience of a million takes thousands of pages: the job is prolonged as long as it makes progress.
EXPAND = JobSpec(
    name="notifications.expand", payload=NotificationJob, queue="notifications", max_attempts=25, timeout=3600.0
)
CANCEL_PENDING = JobSpec(
    name="notifications.cancel_pending", payload=NotificationJob, queue="notifications", max_attempts=25
)
CANCEL_FOR_RECIPIENT = JobSpec(
    name="notifications.cancel_for_recipient", payload=RecipientJob, queue="maintenance", max_attempts=25
)


def expansion_job(notification: Notification, job_id: UUID, *, of_many: bool = False) -> NewJob:
    """Write the notification out to its recipients, at its `sendAt`; one `of_many` goes behind everything else."""
    return NewJob(
        id=job_id,
        tenant_id=notification.tenant_id,
        name=EXPAND.name,
        payload=NotificationJob(notification_id=notification.id),
        queue=EXPAND.queue,
        priority=_priority(notification, of_many=of_many),
        max_attempts=EXPAND.max_attempts,
        timeout=EXPAND.timeout,
        run_at=notification.send_at,
        created_at=notification.created_at,
    )


def _priority(notification: Notification, *, of_many: bool) -> Priority:
    # A bulk of 1,000 is as many jobs: what was asked for alone, and what has its time, does not wait for them.
    if of_many and notification.send_at is None:
        return Priority.HIGH if notification.severity is Severity.HIGH else Priority.BULK
    size = notification.audience.size
    return notification.priority(size) if size is not None else Priority.NORMAL


def cancel_job(notification: Notification, job_id: UUID) -> NewJob:
    """Make what is not sent yet of the notification `cancelled`, in pages."""
    assert notification.cancel_requested_at is not None, "cancelling follows a request to cancel"
    return NewJob(
        id=job_id,
        tenant_id=notification.tenant_id,
        name=CANCEL_PENDING.name,
        payload=NotificationJob(notification_id=notification.id),
        queue=CANCEL_PENDING.queue,
        priority=Priority.HIGH,
        max_attempts=CANCEL_PENDING.max_attempts,
        created_at=notification.cancel_requested_at,
    )
