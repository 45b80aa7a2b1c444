"""Enqueuing jobs in memory."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from application.ports.job_queue import JobQueue, NewJob
from application.ports.trace_context import TraceContext
from domain.jobs.job import JOB_FINAL, Job, JobTrigger
from infrastructure.memory.tables import Entry
from infrastructure.memory.transaction import Transaction
from infrastructure.memory.wire import encoded


class MemoryJobQueue(JobQueue):
    def __init__(self, transaction: Transaction, trace: TraceContext) -> None:
        self._transaction = transaction
        self._trace = trace

    async def enqueue(self, job: NewJob) -> UUID:
        table = self._transaction.rows.jobs
        stored = table.get(job.id)
        if stored is None and job.dedupe_key is not None:
            stored = table.one("dedupe", (job.tenant_id, job.dedupe_key))
        if stored is not None:
            return stored.item.id
        now = self._transaction.now()
        next_at = job.run_at or now + timedelta(seconds=job.delay)
        table.put(Entry(self._job(job), next_at))
        self._transaction.jobs.append(job)
        if next_at <= now:
            self._transaction.queues.append(job.queue)
        return job.id

    async def enqueue_many(self, jobs: Sequence[NewJob]) -> list[UUID]:
        return [await self.enqueue(job) for job in jobs]

    async def cancel(self, tenant_id: str, job_id: UUID, at: datetime) -> bool:
        entry = self._transaction.rows.jobs.get(job_id)
        if entry is None or entry.item.tenant_id != tenant_id or entry.item.status in JOB_FINAL:
            return False
        self._transaction.rows.jobs.put(Entry(entry.item.after(JobTrigger.CANCEL, at=at)))
        return True

    def _job(self, job: NewJob) -> Job:
        return Job(
            id=job.id,
            tenant_id=job.tenant_id,
            name=job.name,
            schema_version=job.schema_version,
            queue=job.queue,
            priority=job.priority,
            payload=encoded(job.payload),
            max_attempts=job.max_attempts,
            timeout=job.timeout,
            dedupe_key=job.dedupe_key,
            trace=self._trace.carried(),
            created_at=job.created_at,
        )
