"""Enqueuing coarse work in the transaction that wants it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from domain.notifications.delivery import Priority


@dataclass(frozen=True, slots=True, kw_only=True)
class NewJob:
    """`payload` is a frozen dataclass of JSON-able fields. Due at `run_at`, or `delay` seconds from the store's now.

    Without `max_attempts` or `timeout` (seconds) whoever runs it looks up what holds for jobs of its name.

    While a job with the same `dedupe_key` of the tenant is not final, another is not stored.
    """

    id: UUID
    tenant_id: str
    name: str
    payload: object
    queue: str = "default"
    priority: Priority = Priority.NORMAL
    schema_version: int = 1
    max_attempts: int | None = None
    timeout: float | None = None
    run_at: datetime | None = None
    delay: float = 0.0
    dedupe_key: str | None = None
    created_at: datetime


class JobQueue(Protocol):
    """Jobs of one tenant at a time, within the caller's transaction; a wake-up follows the commit."""

    async def enqueue(self, job: NewJob) -> UUID:
        """Store one job; returns its id, or that of the unfinished job with the same dedupe key."""
        ...

    async def enqueue_many(self, jobs: Sequence[NewJob]) -> list[UUID]:
        """The same for many, in order."""
        ...

    async def cancel(self, tenant_id: str, job_id: UUID, at: datetime) -> bool:
        """Make a pending or running job `cancelled`; False when it is final or unknown.

        A running one loses its lease with it: its worker finds that at the next heartbeat and cancels the handler, and
        whatever it reports until then changes nothing.
        """
        ...
