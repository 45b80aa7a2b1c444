"""The job of this module."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from application.ports.event_relay import SealedEvent
from application.ports.job_queue import NewJob
from application.relay.event_consumers import Undelivered
from application.shared.job_spec import JobSpec
from domain.jobs.retry_delay import ExponentialDelay


@dataclass(frozen=True, slots=True, kw_only=True)
class RedeliveryJob:
    """An event whole, since the log may have forgotten it by then, and who would not take it."""

    consumer: str
    recipient: str
    event: SealedEvent


# 5 s, 10 s, … 640 s: a quarter of an hour in all, then it lies in the dead letters until somebody sends it again.
RETRY = ExponentialDelay(base=5.0)
REDELIVER = JobSpec(
    name="relay.redeliver_event", payload=RedeliveryJob, queue="maintenance", max_attempts=9, timeout=30.0, retry=RETRY
)


def redelivery_job(consumer: str, undelivered: Undelivered, job_id: UUID, now: datetime) -> NewJob:
    """Offer the event to its recipient again. Of two for the same, the second is not stored."""
    event = undelivered.event
    return NewJob(
        id=job_id,
        tenant_id=event.tenant_id,
        name=REDELIVER.name,
        payload=RedeliveryJob(consumer=consumer, recipient=undelivered.recipient, event=event),
        queue=REDELIVER.queue,
        max_attempts=REDELIVER.max_attempts,
        timeout=REDELIVER.timeout,
        delay=RETRY.base,
        dedupe_key=f"{REDELIVER.name}:{undelivered.recipient}:{event.id}",
        created_at=now,
    )
