"""Deliveries in SQL, as use cases see them."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, update

from application.ports.delivery_repository import DeliveryRepository
from domain.notifications.delivery import Delivery
from domain.notifications.delivery_status import OPEN, DeliveryStatus
from domain.notifications.events import DELIVERY_EVENTS, DeliveryEnd
from infrastructure.database.mappers.notifications import delivery_values
from infrastructure.database.new_rows import DUE, due_in
from infrastructure.database.tables import DeliveryRow, table_of
from infrastructure.database.transaction import Transaction, Values

_TABLE = table_of(DeliveryRow)


class SqlDeliveryRepository(DeliveryRepository):
    """See the port."""

    def __init__(self, transaction: Transaction) -> None:
        self._tx = transaction

    async def add_many(self, deliveries: Sequence[Delivery]) -> set[UUID]:
        if not deliveries:
            return set()
        rows = await self._tx.timed(list(map(_row, deliveries)))
        stored: set[UUID] = await self._tx.insert_new(_TABLE, rows, "id")
        self._note([one for one in deliveries if one.id in stored])
        return stored

    async def add_fresh(self, deliveries: Sequence[Delivery]) -> None:
        self._tx.add(_TABLE, list(map(_row, deliveries)))
        self._note(deliveries)

    def _note(self, stored: Sequence[Delivery]) -> None:
        """Whom to wake, and which have ended already."""
        self._tx.queues.update(one.queue for one in stored if one.status is DeliveryStatus.PENDING)
        self._tx.ends += [DeliveryEnd.of(one) for one in stored if one.status in DELIVERY_EVENTS]

    async def open_count(self, tenant_id: str, notification_id: UUID, limit: int) -> int:
        some = (
            select(_TABLE.c.id)
            .where(
                _TABLE.c.notification_id == notification_id,
                _TABLE.c.status.in_([status.value for status in OPEN]),
                _TABLE.c.tenant_id == tenant_id,
            )
            .limit(limit)
        )
        return int((await self._tx.execute(select(func.count()).select_from(some.subquery()))).scalar_one())

    async def cancel_pending(self, tenant_id: str, notification_id: UUID, at: datetime, limit: int) -> int:
        rows = await self._cancel(tenant_id, _TABLE.c.notification_id == notification_id, at, limit)
        return sum(rows.values())

    async def cancel_pending_for(self, tenant_id: str, target: str, at: datetime, limit: int) -> dict[UUID, int]:
        return await self._cancel(tenant_id, _TABLE.c.target == target, at, limit)

    async def _cancel(self, tenant_id: str, which: ColumnElement[bool], at: datetime, limit: int) -> dict[UUID, int]:
        rows = await self._tx.rows(
            select(_TABLE.c.id, _TABLE.c.notification_id, _TABLE.c.target, _TABLE.c.channel)
            .where(which, _TABLE.c.status == DeliveryStatus.PENDING.value, _TABLE.c.tenant_id == tenant_id)
            .order_by(_TABLE.c.id)
            .limit(limit)
            .with_for_update()
        )
        if rows:
            await self._tx.execute(
                update(_TABLE)
                .where(
                    _TABLE.c.id.in_([row["id"] for row in rows]),
                    _TABLE.c.tenant_id == tenant_id,
                    _TABLE.c.status == DeliveryStatus.PENDING.value,
                )
                .values(status=DeliveryStatus.CANCELLED.value, reason="cancelled", next_at=None, finished_at=at)
            )
        self._tx.ends += [
            DeliveryEnd(
                delivery_id=row["id"],
                tenant_id=tenant_id,
                notification_id=row["notification_id"],
                subscriber_id=row["target"],
                channel=row["channel"],
                status=DeliveryStatus.CANCELLED,
                reason="cancelled",
                at=at,
            )
            for row in rows
        ]
        return dict(Counter(row["notification_id"] for row in rows))


def _row(delivery: Delivery) -> Values:
    """A pending one is due by the store's own clock: the business clock may run ahead of it, or be turned by a test."""
    values = delivery_values(delivery)
    return values | {DUE: due_in(0)} if delivery.status is DeliveryStatus.PENDING else values
