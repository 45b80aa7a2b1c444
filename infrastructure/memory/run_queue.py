"""The runs in memory as a queue."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from application.ports.run_queue import ClaimedRun, RunProgress, RunQueue
from application.shared.system_scope import SystemScope
from domain.notifications.delivery import Priority
from domain.shared.lease import Lease, Suspicion, after_crash
from domain.workflows.run import RUN_FINAL, Run, RunStatus
from infrastructure.memory.leasing import due, held, suspects
from infrastructure.memory.tables import Entry
from infrastructure.memory.transaction import Transaction


class MemoryRunQueue(RunQueue):
    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def due_lines(self, scope: SystemScope, queues: Sequence[str]) -> set[tuple[str, Priority]]:
        now, rows = self._transaction.now(), self._transaction.rows.runs
        return {
            (queue, priority)
            for queue in queues
            for priority in Priority
            if due(rows.where("claimable", (queue, priority)), now, 1)
        }

    async def claim(
        self, scope: SystemScope, *, queue: str, priority: Priority, limit: int, lease_seconds: float
    ) -> list[ClaimedRun]:
        waiting = self._transaction.rows.runs.where("claimable", (queue, priority))
        return [
            self._lease(scope, replace(entry.item, status=RunStatus.RUNNING), lease_seconds)
            for entry in due(waiting, self._transaction.now(), limit)
        ]

    async def suspects_waiting(self, scope: SystemScope, queues: Sequence[str]) -> bool:
        return bool(suspects(self._leased(queues), self._transaction.now(), 1))

    async def claim_suspects(
        self, scope: SystemScope, *, queues: Sequence[str], limit: int, lease_seconds: float
    ) -> list[ClaimedRun]:
        taken: list[ClaimedRun] = []
        for entry in suspects(self._leased(queues), self._transaction.now(), limit):
            suspicion, crashes = after_crash(entry.item.suspicion, entry.item.crashes)
            suspect = replace(entry.item, suspicion=suspicion, crashes=crashes)
            taken.append(self._lease(scope, suspect, lease_seconds))
        return taken

    async def renew(self, scope: SystemScope, leases: Sequence[tuple[UUID, int]], lease_seconds: float) -> set[UUID]:
        deadline = self._transaction.now() + timedelta(seconds=lease_seconds)
        ours = [entry for run_id, token in leases if (entry := self._held(run_id, token))]
        for entry in ours:
            self._transaction.rows.runs.put(replace(entry, next_at=deadline))
        return {entry.item.id for entry in ours}

    async def hold(self, scope: SystemScope, leases: Sequence[tuple[UUID, int]]) -> set[UUID]:
        return {run_id for run_id, token in leases if self._held(run_id, token)}

    async def save(self, scope: SystemScope, progress: Sequence[RunProgress]) -> None:
        for each in progress:
            if self._held(each.run.id, each.token) is None:
                continue
            run = each.run.let_go()
            if run.status in RUN_FINAL:
                self._transaction.rows.runs.put(Entry(run))
                continue
            at = self._transaction.now() + timedelta(seconds=each.delay)
            self._transaction.rows.runs.put(Entry(run, min(at, run.expires_at or at)))
            if each.delay <= 0:
                self._transaction.queues.append(run.queue)

    async def release(self, scope: SystemScope, leases: Sequence[tuple[UUID, int]]) -> None:
        for run_id, token in leases:
            if entry := self._held(run_id, token):
                waiting = replace(
                    entry.item,
                    status=RunStatus.PENDING,
                    lease=None,
                    leased_at=None,
                    suspicion=Suspicion.NONE,
                    crashes=0,
                )
                self._transaction.rows.runs.put(Entry(waiting, self._transaction.now()))
                self._transaction.queues.append(waiting.queue)

    def _leased(self, queues: Sequence[str]) -> list[Entry[Run]]:
        return [entry for queue in queues for entry in self._transaction.rows.runs.where("leased", queue)]

    def _held(self, run_id: UUID, token: int) -> Entry[Run] | None:
        return held(self._transaction.rows.runs.get(run_id), token)

    def _lease(self, scope: SystemScope, run: Run, seconds: float) -> ClaimedRun:
        rows, now = self._transaction.rows, self._transaction.now()
        leased = replace(run, lease=Lease(owner=scope.owner, token=next(rows.numbers)), leased_at=now)
        rows.runs.put(Entry(leased, now + timedelta(seconds=seconds)))
        return ClaimedRun(run=leased, expired=run.expires_at is not None and run.expires_at <= now)
