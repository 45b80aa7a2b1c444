"""Runs of workflows in SQL, as use cases of a tenant see them."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, func, select, update

from application.ports.run_repository import HandedOver, LookedAt, RunRepository
from domain.workflows.run import RUN_FINAL, Run, RunStatus
from infrastructure.database.mappers.runs import run_from, run_values
from infrastructure.database.new_rows import DUE, due_in
from infrastructure.database.query import Query
from infrastructure.database.run_tables import RunRow
from infrastructure.database.tables import DeliveryRow, InboxItemRow, table_of
from infrastructure.database.transaction import Transaction, Values

_TABLE = table_of(RunRow)
_DELIVERIES = table_of(DeliveryRow)
_ITEMS = table_of(InboxItemRow)
_OPEN = [status.value for status in RunStatus if status not in RUN_FINAL]
# Not pairs, for which SQLite reads the whole table. Each id is sought with each target: 100 of both take 3 ms, but 500
# take half a second.
AT_ONCE = 100
_OF_TARGETS = Query(
    select(_TABLE).where(
        _TABLE.c.notification_id.in_(bindparam("ids", expanding=True)),
        _TABLE.c.target.in_(bindparam("targets", expanding=True)),
        _TABLE.c.tenant_id == bindparam("tenant_id"),
    )
)
_HANDED_OVER = Query(
    select(_DELIVERIES.c.id, _DELIVERIES.c.status, _DELIVERIES.c.reason).where(
        _DELIVERIES.c.id.in_(bindparam("ids", expanding=True)), _DELIVERIES.c.tenant_id == bindparam("tenant_id")
    )
)
_LOOKED_AT = Query(
    select(_ITEMS.c.id, _ITEMS.c.seen_at, _ITEMS.c.read_at).where(
        _ITEMS.c.id.in_(bindparam("ids", expanding=True)), _ITEMS.c.tenant_id == bindparam("tenant_id")
    )
)


class SqlRunRepository(RunRepository):
    """See the port."""

    def __init__(self, transaction: Transaction) -> None:
        self._tx = transaction

    async def add_many(self, runs: Sequence[Run]) -> set[UUID]:
        if not runs:
            return set()
        rows = await self._tx.timed(list(map(_row, runs)))
        stored: set[UUID] = await self._tx.insert_new(_TABLE, rows, "id")
        self._tx.queues.update(run.queue for run in runs if run.id in stored and run.status not in RUN_FINAL)
        return stored

    async def get_many(self, tenant_id: str, keys: Sequence[tuple[UUID, str]]) -> dict[tuple[UUID, str], Run]:
        in_order = sorted(set(keys))
        runs: dict[tuple[UUID, str], Run] = {}
        for start in range(0, len(in_order), AT_ONCE):
            runs |= await self._found(tenant_id, in_order[start : start + AT_ONCE])
        return runs

    async def _found(self, tenant_id: str, keys: Sequence[tuple[UUID, str]]) -> dict[tuple[UUID, str], Run]:
        ids, targets = {notification_id for notification_id, _ in keys}, {target for _, target in keys}
        rows = await self._tx.ask(_OF_TARGETS, tenant_id=tenant_id, ids=list(ids), targets=list(targets))
        found = {(row["notification_id"], row["target"]): row for row in rows}
        return {key: run_from(found[key]) for key in keys if key in found}

    async def of_notification(self, tenant_id: str, notification_id: UUID, after: UUID | None, limit: int) -> list[Run]:
        query = select(_TABLE).where(_TABLE.c.notification_id == notification_id, _TABLE.c.tenant_id == tenant_id)
        if after is not None:
            query = query.where(_TABLE.c.id > after)
        return list(map(run_from, await self._tx.rows(query.order_by(_TABLE.c.id).limit(limit))))

    async def busy_count(self, tenant_id: str, notification_id: UUID, limit: int) -> int:
        some = (
            select(_TABLE.c.id)
            .where(
                _TABLE.c.notification_id == notification_id,
                _TABLE.c.status.in_(_OPEN),
                _TABLE.c.waiting.is_(False),
                _TABLE.c.tenant_id == tenant_id,
            )
            .limit(limit)
        )
        return int((await self._tx.execute(select(func.count()).select_from(some.subquery()))).scalar_one())

    async def cancel_pending(self, tenant_id: str, notification_id: UUID, limit: int, at: datetime) -> int:
        rows = await self._tx.rows(
            select(_TABLE.c.id)
            .where(
                _TABLE.c.notification_id == notification_id,
                _TABLE.c.status == RunStatus.PENDING.value,
                _TABLE.c.tenant_id == tenant_id,
            )
            .order_by(_TABLE.c.id)
            .limit(limit)
            .with_for_update()
        )
        if rows:
            await self._tx.execute(
                update(_TABLE)
                .where(_TABLE.c.id.in_([row["id"] for row in rows]))
                .values(
                    status=RunStatus.CANCELLED.value, reason="cancelled", waiting=False, next_at=None, finished_at=at
                )
            )
        return len(rows)

    async def handed_over(self, tenant_id: str, delivery_ids: Collection[UUID]) -> dict[UUID, HandedOver]:
        if not delivery_ids:
            return {}
        rows = await self._tx.ask(_HANDED_OVER, tenant_id=tenant_id, ids=list(delivery_ids))
        return {row["id"]: HandedOver(status=row["status"], reason=row["reason"]) for row in rows}

    async def looked_at(self, tenant_id: str, item_ids: Collection[UUID]) -> dict[UUID, LookedAt]:
        if not item_ids:
            return {}
        rows = await self._tx.ask(_LOOKED_AT, tenant_id=tenant_id, ids=list(item_ids))
        return {row["id"]: LookedAt(seen=row["seen_at"] is not None, read=row["read_at"] is not None) for row in rows}


def _row(run: Run) -> Values:
    """A new one is due by the store's own clock."""
    values = run_values(run)
    return values if run.status in RUN_FINAL else values | {DUE: due_in(0)}
