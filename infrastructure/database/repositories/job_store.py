"""The job rows as a queue."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import update

from application.ports.job_store import JobStore
from application.shared.system_scope import SystemScope
from domain.jobs.job import Job, JobStatus, JobTrigger
from domain.notifications.delivery import Priority
from infrastructure.database.lease_statements import Line, QueueTable
from infrastructure.database.mappers.notifications import job_from
from infrastructure.database.repositories.leased_rows import LeasedRows
from infrastructure.database.tables import JobRow, table_of
from infrastructure.database.transaction import Transaction, Values
from infrastructure.database.types import from_millis

_TABLE = table_of(JobRow)
_QUEUE = QueueTable(_TABLE, pending=JobStatus.PENDING.value, leased=JobStatus.RUNNING.value)


class SqlJobStore(JobStore):
    """See the port."""

    def __init__(self, transaction: Transaction) -> None:
        self._tx = transaction
        self._rows = LeasedRows(transaction, _QUEUE)

    async def due_lines(self, scope: SystemScope, queue: str) -> set[Priority]:
        found = await self._rows.with_work([{"queue": queue, "priority": int(priority)} for priority in Priority])
        return {priority for priority, work in zip(Priority, found, strict=True) if work}

    async def claim(
        self, scope: SystemScope, *, queue: str, priority: Priority, limit: int, lease_seconds: float
    ) -> list[Job]:
        line: Line = {"queue": queue, "priority": int(priority)}
        claim = self._rows.claim_of(line, limit, scope.owner, lease_seconds)
        return list(map(job_from, await self._rows.claimed(claim, _attempted)))

    async def suspects_waiting(self, scope: SystemScope, queues: Sequence[str]) -> bool:
        return await self._rows.suspects_waiting(queues)

    async def claim_suspects(
        self, scope: SystemScope, *, queues: Sequence[str], limit: int, lease_seconds: float
    ) -> list[Job]:
        rows = await self._rows.suspects(queues, limit)
        changes = await self._rows.lease(rows, scope.owner, lease_seconds, _attempted, suspects=True)
        return [job_from({**row, **change}) for row, change in zip(rows, changes, strict=True)]

    async def renew(self, scope: SystemScope, leases: Sequence[tuple[UUID, int]], lease_seconds: float) -> set[UUID]:
        return await self._rows.renew(leases, lease_seconds)

    async def complete(self, scope: SystemScope, job_id: UUID, token: int) -> bool:
        return await self._end(job_id, token, JobTrigger.COMPLETE)

    async def bury(self, scope: SystemScope, job_id: UUID, token: int, *, error: str) -> bool:
        return await self._end(job_id, token, JobTrigger.BURY, error)

    async def retry(self, scope: SystemScope, job_id: UUID, token: int, *, delay: float, error: str) -> bool:
        return await self._give_back(job_id, token, JobTrigger.RETRY, delay, error)

    async def release(
        self, scope: SystemScope, job_id: UUID, token: int, *, delay: float = 0.0, error: str | None = None
    ) -> bool:
        return await self._give_back(job_id, token, JobTrigger.RELEASE, delay, error)

    async def _end(self, job_id: UUID, token: int, trigger: JobTrigger, error: str | None = None) -> bool:
        row = await self._held(job_id, token)
        if row is None:
            return False
        job = job_from(row).after(trigger, error=error, at=from_millis(row["store_now"]))
        await self._let_go(job, {"next_at": None, "dedupe_key": None})
        return True

    async def _give_back(self, job_id: UUID, token: int, trigger: JobTrigger, delay: float, error: str | None) -> bool:
        row = await self._held(job_id, token)
        if row is None:
            return False
        job = job_from(row).after(trigger, error=error)
        await self._let_go(job, {"next_at": int(row["store_now"]) + int(delay * 1000)})
        if delay <= 0:
            self._tx.queues.add(job.queue)
        return True

    async def _held(self, job_id: UUID, token: int) -> Values | None:
        return (await self._rows.held([(job_id, token)])).get(job_id)

    async def _let_go(self, job: Job, queue_columns: Values) -> None:
        changes: Values = {
            "status": job.status.value,
            "lease_owner": None,
            "attempts": job.attempts,
            "suspicion": int(job.suspicion),
            "crashes": job.crashes,
            "last_error": job.last_error,
            "finished_at": job.finished_at,
        }
        await self._tx.execute(update(_TABLE).where(_TABLE.c.id == job.id).values(changes | queue_columns))


def _attempted(row: Values) -> Values:
    return {"attempts": row["attempts"] + 1}
