"""What the relay does, in SQL."""

from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, delete, insert, select, update

from application.ports.event_relay import EventRelay, SealedEvent
from application.shared.system_scope import SystemScope
from domain.notifications.notification_status import Counts
from infrastructure.database.event_tables import EventCursorRow, EventRow, EventSubscriptionRow
from infrastructure.database.mappers.notifications import (
    TALLIED,
    counts_from,
    notification_from,
    tally_values,
)
from infrastructure.database.query import Query
from infrastructure.database.repositories.audit import seal_audit
from infrastructure.database.tables import NotificationRow, NotificationTallyRow, table_of
from infrastructure.database.transaction import Transaction, Values

_EVENTS = table_of(EventRow)
_CURSORS = table_of(EventCursorRow)
_SUBSCRIPTIONS = table_of(EventSubscriptionRow)
_TALLIES = table_of(NotificationTallyRow)
_NOTIFICATIONS = table_of(NotificationRow)
_WANTED = Query(select(_SUBSCRIPTIONS.c.pattern))
# The relay's own cursor: the last position given, which retention must not make it forget.
SEALED = "sealed"


class SqlEventRelay(EventRelay):
    """See the port."""

    def __init__(self, transaction: Transaction) -> None:
        self._tx = transaction

    async def seal(self, scope: SystemScope, limit: int) -> int:
        await self._tx.hold_name(SEALED)
        rows = await self._tx.rows(
            select(_EVENTS.c.id).where(_EVENTS.c.position.is_(None)).order_by(_EVENTS.c.id).limit(limit)
        )
        if rows:
            last = await self.cursor(scope, SEALED)
            places = [{"row_id": row["id"], "place": last + step} for step, row in enumerate(rows, start=1)]
            await self._tx.execute(
                update(_EVENTS).where(_EVENTS.c.id == bindparam("row_id")).values(position=bindparam("place")), places
            )
            await self.advance(scope, SEALED, last + len(rows))
        return len(rows)

    async def seal_audit(self, scope: SystemScope, limit: int) -> int:
        return await seal_audit(self._tx, limit)

    async def read_after(self, scope: SystemScope, position: int, limit: int) -> list[SealedEvent]:
        rows = await self._tx.rows(
            select(_EVENTS).where(_EVENTS.c.position > position).order_by(_EVENTS.c.position).limit(limit)
        )
        return [SealedEvent(**row) for row in rows]

    async def cursor(self, scope: SystemScope, consumer: str) -> int:
        row = await self._tx.row(select(_CURSORS.c.position).where(_CURSORS.c.consumer == consumer))
        return int(row["position"]) if row else 0

    async def advance(self, scope: SystemScope, consumer: str, position: int) -> None:
        await self._tx.upsert(_CURSORS, {"consumer": consumer, "position": position}, ["consumer"])

    async def announce(self, scope: SystemScope, wanted: Mapping[str, Collection[str]]) -> None:
        await self._tx.execute(delete(_SUBSCRIPTIONS).where(_SUBSCRIPTIONS.c.consumer.in_(wanted)))
        rows = [{"consumer": name, "pattern": each} for name, patterns in wanted.items() for each in set(patterns)]
        if rows:
            await self._tx.execute(insert(_SUBSCRIPTIONS), rows)

    async def wanted(self, scope: SystemScope) -> set[str]:
        return await subscribed(self._tx)

    async def take_tallies(self, scope: SystemScope, limit: int) -> Mapping[UUID, Counts]:
        rows = await self._tx.rows(
            select(_TALLIES).order_by(_TALLIES.c.id).limit(limit).with_for_update(skip_locked=True)
        )
        sums: dict[UUID, Values] = {}
        for row in rows:
            total = sums.setdefault(row["notification_id"], dict.fromkeys(TALLIED, 0))
            for name in TALLIED:
                total[name] += row[name]
        if rows:
            await self._tx.execute(delete(_TALLIES).where(_TALLIES.c.id.in_([row["id"] for row in rows])))
        return {notification_id: counts_from(total) for notification_id, total in sums.items()}

    async def fold(self, scope: SystemScope, changes: Mapping[UUID, Counts], now: datetime) -> None:
        if not changes:
            return
        rows = await self._tx.rows(
            select(_NOTIFICATIONS)
            .where(_NOTIFICATIONS.c.id.in_(changes))
            .order_by(_NOTIFICATIONS.c.id)
            .with_for_update()
        )
        for row in rows:
            change = tally_values(changes[row["id"]])
            row.update({name: row[name] + change[name] for name in TALLIED})
            folded = notification_from(row).derived(now)
            await self._tx.execute(
                update(_NOTIFICATIONS)
                .where(_NOTIFICATIONS.c.id == folded.id)
                .values(**tally_values(folded.counts), status=folded.status.value, finished_at=folded.finished_at)
            )


async def subscribed(tx: Transaction) -> set[str]:
    """What anybody wants."""
    return {row["pattern"] for row in await tx.ask(_WANTED)}
