"""The rows of runs as a queue."""

from collections.abc import Sequence
from uuid import UUID

from application.ports.run_queue import ClaimedRun, RunProgress, RunQueue
from application.shared.system_scope import SystemScope
from domain.notifications.delivery import Priority
from domain.shared.lease import Suspicion
from domain.workflows.run import RUN_FINAL, RunStatus
from infrastructure.database.lease_statements import Line, QueueTable
from infrastructure.database.mappers.runs import due_again, progress_values, run_from
from infrastructure.database.repositories.leased_rows import LeasedRows
from infrastructure.database.run_tables import RunRow
from infrastructure.database.tables import table_of
from infrastructure.database.transaction import Transaction, Values
from infrastructure.database.types import from_millis, to_millis

_QUEUE = QueueTable(table_of(RunRow), pending=RunStatus.PENDING.value, leased=RunStatus.RUNNING.value)
_UNUSED: Values = {
    "status": RunStatus.PENDING.value,
    "lease_owner": None,
    "leased_at": None,
    "suspicion": int(Suspicion.NONE),
    "crashes": 0,
}


class SqlRunQueue(RunQueue):
    """See the port."""

    def __init__(self, transaction: Transaction) -> None:
        self._tx = transaction
        self._rows = LeasedRows(transaction, _QUEUE)

    async def due_lines(self, scope: SystemScope, queues: Sequence[str]) -> set[tuple[str, Priority]]:
        lines = [(queue, priority) for queue in queues for priority in Priority]
        found = await self._rows.with_work([_line(queue, priority) for queue, priority in lines])
        return {line for line, work in zip(lines, found, strict=True) if work}

    async def claim(
        self, scope: SystemScope, *, queue: str, priority: Priority, limit: int, lease_seconds: float
    ) -> list[ClaimedRun]:
        claim = self._rows.claim_of(_line(queue, priority), limit, scope.owner, lease_seconds)
        return list(map(_claimed, await self._rows.claimed(claim, _leased_at)))

    async def suspects_waiting(self, scope: SystemScope, queues: Sequence[str]) -> bool:
        return await self._rows.suspects_waiting(queues)

    async def claim_suspects(
        self, scope: SystemScope, *, queues: Sequence[str], limit: int, lease_seconds: float
    ) -> list[ClaimedRun]:
        rows = await self._rows.suspects(queues, limit)
        changes = await self._rows.lease(rows, scope.owner, lease_seconds, _leased_at, suspects=True)
        return [_claimed({**row, **change}) for row, change in zip(rows, changes, strict=True)]

    async def renew(self, scope: SystemScope, leases: Sequence[tuple[UUID, int]], lease_seconds: float) -> set[UUID]:
        return await self._rows.renew(leases, lease_seconds)

    async def hold(self, scope: SystemScope, leases: Sequence[tuple[UUID, int]]) -> set[UUID]:
        return set(await self._rows.held(leases))

    async def save(self, scope: SystemScope, progress: Sequence[RunProgress]) -> None:
        rows = await self._rows.held([(each.run.id, each.token) for each in progress])
        kept = [each for each in progress if each.run.id in rows]
        await self._rows.change([_progress_values(each, int(rows[each.run.id]["store_now"])) for each in kept])
        self._tx.queues.update(each.run.queue for each in kept if each.delay <= 0 and each.run.status not in RUN_FINAL)

    async def release(self, scope: SystemScope, leases: Sequence[tuple[UUID, int]]) -> None:
        rows = (await self._rows.held(leases)).values()
        await self._rows.change([{"row_id": row["id"], "next_at": row["store_now"], **_UNUSED} for row in rows])
        self._tx.queues.update(row["queue"] for row in rows)


def _line(queue: str, priority: Priority) -> Line:
    return {"queue": queue, "priority": int(priority)}


def _leased_at(row: Values) -> Values:
    return {"leased_at": from_millis(row["store_now"])}


def _claimed(row: Values) -> ClaimedRun:
    expires_at = row["expires_at"]
    return ClaimedRun(run=run_from(row), expired=expires_at is not None and to_millis(expires_at) <= row["store_now"])


def _progress_values(progress: RunProgress, now: int) -> Values:
    run = progress.run.let_go()
    return {"row_id": run.id, **progress_values(run), "next_at": due_again(run, now, progress.delay)}
