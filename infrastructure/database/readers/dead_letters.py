"""Reading deliveries over all notifications in SQL."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select

from application.notifications.ports import DeadLetterFilter, DeadLetterReader
from application.notifications.views import DeliveryView
from domain.notifications.channel import Channel
from domain.notifications.delivery import Delivery
from domain.notifications.delivery_status import DeliveryStatus
from domain.notifications.redrive import REDRIVABLE
from infrastructure.database.mappers.notifications import delivery_from
from infrastructure.database.readers.notifications import attempts_of, delivery_view
from infrastructure.database.readers.snapshot import snapshot
from infrastructure.database.tables import DeliveryRow, NotificationRow, table_of
from infrastructure.database.transaction import Transaction, Values
from infrastructure.database.unit_of_work import Engines

_TABLE = table_of(DeliveryRow)
_NOTIFICATIONS = table_of(NotificationRow)
_REPLAYS = _TABLE.alias("replays")
_WHOLE = select(_TABLE)
_ID = select(_TABLE.c.id)
Rows = Select[tuple[object, ...]]


class SqlDeadLetterReader(DeadLetterReader):
    """See the port."""

    def __init__(self, *, engines: Engines) -> None:
        self._engines = engines

    async def view(self, tenant_id: str, delivery_id: UUID) -> DeliveryView | None:
        return await self._shown(_one(tenant_id, delivery_id))

    async def page(
        self, tenant_id: str, wanted: DeadLetterFilter, *, before: UUID | None, limit: int
    ) -> list[DeliveryView]:
        conditions = _conditions(tenant_id, wanted)
        if before is not None:
            conditions.append(_TABLE.c.id < before)
        async with snapshot(self._engines) as tx:
            rows = await _newest(tx, _WHOLE.where(*conditions), wanted.statuses, limit)
            attempts = await attempts_of(tx, [row["id"] for row in rows])
        return [delivery_view(row, attempts.get(row["id"], ())) for row in rows]

    async def get(self, tenant_id: str, delivery_id: UUID) -> Delivery | None:
        async with snapshot(self._engines) as tx:
            row = await tx.row(_one(tenant_id, delivery_id))
        return delivery_from(row) if row else None

    async def replay_of(self, tenant_id: str, delivery_id: UUID) -> DeliveryView | None:
        # By the key that is unique: `replay_of` has no index, and needs none.
        return await self._shown(
            select(_REPLAYS)
            .join(_TABLE, _is_replay())
            .where(_TABLE.c.id == delivery_id, _TABLE.c.tenant_id == tenant_id, _REPLAYS.c.tenant_id == tenant_id)
        )

    async def redrivable_ids(self, tenant_id: str, wanted: DeadLetterFilter, *, limit: int) -> list[UUID]:
        async with snapshot(self._engines) as tx:
            rows = await _newest(tx, _ID.where(*_redrivable(tenant_id, wanted)), wanted.statuses, limit)
        return [row["id"] for row in rows]

    async def redrivable(
        self, tenant_id: str, wanted: DeadLetterFilter, *, oldest: UUID, newest: UUID, limit: int
    ) -> list[Delivery]:
        found = _WHOLE.where(*_redrivable(tenant_id, wanted), _TABLE.c.id >= oldest, _TABLE.c.id <= newest)
        async with snapshot(self._engines) as tx:
            return [delivery_from(row) for row in await _newest(tx, found, wanted.statuses, limit)]

    async def _shown(self, query: Rows) -> DeliveryView | None:
        async with snapshot(self._engines) as tx:
            row = await tx.row(query)
            attempts = await attempts_of(tx, [row["id"]]) if row else {}
        return delivery_view(row, attempts.get(row["id"], ())) if row else None


def _one(tenant_id: str, delivery_id: UUID) -> Rows:
    return _WHOLE.where(_TABLE.c.id == delivery_id, _TABLE.c.tenant_id == tenant_id)


async def _newest(tx: Transaction, query: Rows, statuses: Sequence[str], limit: int) -> list[Values]:
    """The newest rows of each status by itself: asked for all at once, a database sorts them all to show a few."""
    found: list[Values] = []
    for status in dict.fromkeys(statuses):
        found += await tx.rows(query.where(_TABLE.c.status == status).order_by(_TABLE.c.id.desc()).limit(limit))
    return sorted(found, key=lambda row: row["id"], reverse=True)[:limit]


def _conditions(tenant_id: str, wanted: DeadLetterFilter) -> list[ColumnElement[bool]]:
    conditions = [_TABLE.c.tenant_id == tenant_id]
    lists = ((_TABLE.c.channel, wanted.channels), (_TABLE.c.reason, wanted.reasons))
    for column, values in (*lists, (_TABLE.c.target, wanted.subscribers)):
        if values:
            conditions.append(column.in_(values))
    if wanted.created_after is not None:
        conditions.append(_TABLE.c.created_at > wanted.created_after)
    if wanted.created_before is not None:
        conditions.append(_TABLE.c.created_at < wanted.created_before)
    if wanted.workflows:
        conditions.append(_of_notification(tenant_id, _NOTIFICATIONS.c.workflow.in_(wanted.workflows)))
    return conditions


def _redrivable(tenant_id: str, wanted: DeadLetterFilter) -> list[ColumnElement[bool]]:
    return [
        *_conditions(tenant_id, wanted),
        _TABLE.c.channel != Channel.IN_APP.value,
        or_(*(_may(status, reasons) for status, reasons in REDRIVABLE.items())),
        _of_notification(tenant_id, _NOTIFICATIONS.c.cancel_requested_at.is_(None)),
        ~exists().where(_is_replay()).select_from(_REPLAYS).correlate(_TABLE),
    ]


def _may(status: DeliveryStatus, reasons: frozenset[str] | None) -> ColumnElement[bool]:
    same = _TABLE.c.status == status.value
    return same if reasons is None else and_(same, _TABLE.c.reason.in_(sorted(reasons)))


def _of_notification(tenant_id: str, condition: ColumnElement[bool]) -> ColumnElement[bool]:
    its = and_(_NOTIFICATIONS.c.id == _TABLE.c.notification_id, _NOTIFICATIONS.c.tenant_id == tenant_id, condition)
    return exists().where(its).select_from(_NOTIFICATIONS).correlate(_TABLE)


def _is_replay() -> ColumnElement[bool]:
    same = [_REPLAYS.c[name] == _TABLE.c[name] for name in ("notification_id", "target", "step", "channel")]
    return and_(*same, _REPLAYS.c.generation == _TABLE.c.generation + 1)
