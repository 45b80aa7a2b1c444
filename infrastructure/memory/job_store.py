"""The jobs in memory as a queue."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from application.ports.job_store import JobStore
from application.shared.system_scope import SystemScope
from domain.jobs.job import Job, JobTrigger, job_after
from domain.notifications.delivery import Priority
from domain.shared.lease import Lease, after_crash
from infrastructure.memory.leasing import due, held, suspects
from infrastructure.memory.tables import Entry
from infrastructure.memory.transaction import Transaction


class MemoryJobStore(JobStore):
    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def due_lines(self, scope: SystemScope, queue: str) -> set[Priority]:
        now, rows = self._transaction.now(), self._transaction.rows.jobs
        return {priority for priority in Priority if due(rows.where("claimable", (queue, priority)), now, 1)}

    async def claim(
        self, scope: SystemScope, *, queue: str, priority: Priority, limit: int, lease_seconds: float
    ) -> list[Job]:
        waiting = self._transaction.rows.jobs.where("claimable", (queue, priority))
        return [
            self._lease(
                scope, replace(entry.item, status=job_after(entry.item.status, JobTrigger.CLAIM)), lease_seconds
            )
            for entry in due(waiting, self._transaction.now(), limit)
        ]

    async def suspects_waiting(self, scope: SystemScope, queues: Sequence[str]) -> bool:
        return bool(suspects(self._leased(queues), self._transaction.now(), 1))

    async def claim_suspects(
        self, scope: SystemScope, *, queues: Sequence[str], limit: int, lease_seconds: float
    ) -> list[Job]:
        taken: list[Job] = []
        for entry in suspects(self._leased(queues), self._transaction.now(), limit):
            suspicion, crashes = after_crash(entry.item.suspicion, entry.item.crashes)
            taken.append(self._lease(scope, replace(entry.item, suspicion=suspicion, crashes=crashes), lease_seconds))
        return taken

    async def renew(self, scope: SystemScope, leases: Sequence[tuple[UUID, int]], lease_seconds: float) -> set[UUID]:
        deadline = self._transaction.now() + timedelta(seconds=lease_seconds)
        ours = [entry for job_id, token in leases if (entry := self._held(job_id, token))]
        for entry in ours:
            self._transaction.rows.jobs.put(replace(entry, next_at=deadline))
        return {entry.item.id for entry in ours}

    async def complete(self, scope: SystemScope, job_id: UUID, token: int) -> bool:
        return self._finish(job_id, token, JobTrigger.COMPLETE)

    async def bury(self, scope: SystemScope, job_id: UUID, token: int, *, error: str) -> bool:
        return self._finish(job_id, token, JobTrigger.BURY, error)

    async def retry(self, scope: SystemScope, job_id: UUID, token: int, *, delay: float, error: str) -> bool:
        return self._give_back(job_id, token, JobTrigger.RETRY, delay, error)

    async def release(
        self, scope: SystemScope, job_id: UUID, token: int, *, delay: float = 0.0, error: str | None = None
    ) -> bool:
        return self._give_back(job_id, token, JobTrigger.RELEASE, delay, error)

    def _leased(self, queues: Sequence[str]) -> list[Entry[Job]]:
        table = self._transaction.rows.jobs
        return [entry for queue in queues for entry in table.where("leased", queue)]

    def _held(self, job_id: UUID, token: int) -> Entry[Job] | None:
        return held(self._transaction.rows.jobs.get(job_id), token)

    def _lease(self, scope: SystemScope, job: Job, seconds: float) -> Job:
        rows = self._transaction.rows
        lease = Lease(owner=scope.owner, token=next(rows.numbers))
        leased = replace(job, lease=lease, attempts=job.attempts + 1)
        rows.jobs.put(Entry(leased, self._transaction.now() + timedelta(seconds=seconds)))
        return leased

    def _finish(self, job_id: UUID, token: int, trigger: JobTrigger, error: str | None = None) -> bool:
        entry = self._held(job_id, token)
        if entry is not None:
            self._transaction.rows.jobs.put(Entry(entry.item.after(trigger, error=error, at=self._transaction.now())))
        return entry is not None

    def _give_back(self, job_id: UUID, token: int, trigger: JobTrigger, delay: float, error: str | None) -> bool:
        entry = self._held(job_id, token)
        if entry is not None:
            job = entry.item.after(trigger, error=error)
            self._transaction.rows.jobs.put(Entry(job, self._transaction.now() + timedelta(seconds=delay)))
            if delay <= 0:
                self._transaction.queues.append(job.queue)
        return entry is not None
