"""Enqueuing jobs in SQL."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import select, update

from application.ports.job_queue import JobQueue, NewJob
from domain.jobs.job import JOB_TRANSITIONS, JobStatus, JobTrigger
from infrastructure.database.new_rows import due_in
from infrastructure.database.tables import JobRow, table_of
from infrastructure.database.transaction import Transaction, Values
from infrastructure.database.types import from_millis, to_millis

_TABLE = table_of(JobRow)
_CANCELLABLE = [status.value for status, trigger in JOB_TRANSITIONS if trigger is JobTrigger.CANCEL]


class SqlJobQueue(JobQueue):
    """See the port."""

    def __init__(self, transaction: Transaction) -> None:
        self._tx = transaction

    async def enqueue(self, job: NewJob) -> UUID:
        return (await self.enqueue_many([job]))[0]

    async def enqueue_many(self, jobs: Sequence[NewJob]) -> list[UUID]:
        known = await self._unfinished([job for job in jobs if job.dedupe_key is not None])
        fresh: list[NewJob] = []
        ids: list[UUID] = []
        for job in jobs:
            key = (job.tenant_id, job.dedupe_key)
            if key in known:
                ids.append(known[key])
                continue
            if job.dedupe_key is not None:
                known[key] = job.id
            fresh.append(job)
            ids.append(job.id)
        self._tx.add(_TABLE, [self._values(job) for job in fresh])
        if any(job.dedupe_key is not None for job in fresh):
            await self._tx.settle()
        self._tx.jobs += fresh
        self._tx.queues.update(await self._due(fresh))
        return ids

    async def _due(self, jobs: Sequence[NewJob]) -> set[str]:
        """The queues of those that can run at once."""
        timed = [job for job in jobs if job.run_at is not None]
        now = from_millis(await self._tx.now_ms()) if timed else None
        return {
            job.queue for job in jobs if (job.delay <= 0 if job.run_at is None or now is None else job.run_at <= now)
        }

    async def _unfinished(self, jobs: Sequence[NewJob]) -> dict[tuple[str, str | None], UUID]:
        """The ids behind dedupe keys that are taken; a final job has none."""
        if not jobs:
            return {}
        rows = await self._tx.rows(
            select(_TABLE.c.id, _TABLE.c.tenant_id, _TABLE.c.dedupe_key).where(
                _TABLE.c.tenant_id.in_({job.tenant_id for job in jobs}),
                _TABLE.c.dedupe_key.in_({job.dedupe_key for job in jobs}),
            )
        )
        return {(row["tenant_id"], row["dedupe_key"]): row["id"] for row in rows}

    def _values(self, job: NewJob) -> Values:
        return {
            "id": job.id,
            "tenant_id": job.tenant_id,
            "name": job.name,
            "schema_version": job.schema_version,
            "queue": job.queue,
            "priority": int(job.priority),
            "payload": msgspec.json.encode(job.payload),
            "status": JobStatus.PENDING.value,
            "attempts": 0,
            "max_attempts": job.max_attempts,
            "timeout_ms": None if job.timeout is None else int(job.timeout * 1000),
            "next_at": to_millis(job.run_at) if job.run_at else due_in(int(job.delay * 1000)),
            "lease_owner": None,
            "lease_token": 0,
            "suspicion": 0,
            "crashes": 0,
            "dedupe_key": job.dedupe_key,
            "last_error": None,
            "trace": self._tx.trace,
            "created_at": job.created_at,
            "finished_at": None,
        }

    async def cancel(self, tenant_id: str, job_id: UUID, at: datetime) -> bool:
        changed = await self._tx.changed(
            update(_TABLE)
            .where(_TABLE.c.id == job_id, _TABLE.c.tenant_id == tenant_id, _TABLE.c.status.in_(_CANCELLABLE))
            .values(
                status=JobStatus.CANCELLED.value,
                next_at=None,
                lease_owner=None,
                dedupe_key=None,
                finished_at=at,
                suspicion=0,
                crashes=0,
            )
        )
        return changed == 1
