"""The jobs of this module."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from application.ports.job_queue import NewJob
from application.shared.job_spec import JobSpec
from domain.inbox.item import InboxItem


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemJob:
    """A job about one item; `until` is when it is due."""

    recipient_id: UUID
    item_id: UUID
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxJob:
    """A job about a whole inbox."""

    recipient_id: UUID


SURFACE = JobSpec(name="inbox.surface", payload=ItemJob, queue="notifications", max_attempts=25)
FORGET = JobSpec(name="inbox.forget", payload=InboxJob, queue="maintenance", max_attempts=25)


def surfacing_job(item: InboxItem, job_id: UUID, until: datetime, now: datetime) -> NewJob:
    """Bring a snoozed item back at its time."""
    return NewJob(
        id=job_id,
        tenant_id=item.tenant_id,
        name=SURFACE.name,
        payload=ItemJob(recipient_id=item.recipient_id, item_id=item.id, until=until),
        queue=SURFACE.queue,
        max_attempts=SURFACE.max_attempts,
        run_at=until,
        created_at=now,
    )
