"""Deliveries in memory, as use cases see them."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice
from uuid import UUID

from application.ports.delivery_repository import DeliveryRepository
from domain.notifications.delivery import Delivery
from domain.notifications.delivery_status import DeliveryStatus, DeliveryTrigger
from domain.notifications.events import DELIVERY_EVENTS, DeliveryEnd
from infrastructure.memory.tables import Entry
from infrastructure.memory.transaction import Transaction


class MemoryDeliveryRepository(DeliveryRepository):
    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def add_many(self, deliveries: Sequence[Delivery]) -> set[UUID]:
        table, now = self._transaction.rows.deliveries, self._transaction.now()
        stored: set[UUID] = set()
        for one in deliveries:
            repeated = one.notification_id, one.target, one.step, one.channel, one.generation
            if table.one("repeat", repeated) is None:
                waits = one.status is DeliveryStatus.PENDING
                table.put(Entry(replace(one, next_attempt_at=None), now if waits else None))
                stored.add(one.id)
                if one.status in DELIVERY_EVENTS:
                    self._transaction.ends.append(DeliveryEnd.of(one))
                if waits:
                    self._transaction.queues.append(one.queue)
        return stored

    async def add_fresh(self, deliveries: Sequence[Delivery]) -> None:
        await self.add_many(deliveries)

    async def open_count(self, tenant_id: str, notification_id: UUID, limit: int) -> int:
        still_open = self._transaction.rows.deliveries.where("open", notification_id)
        return min(sum(entry.item.tenant_id == tenant_id for entry in still_open), limit)

    async def cancel_pending(self, tenant_id: str, notification_id: UUID, at: datetime, limit: int) -> int:
        waiting = (
            entry
            for entry in self._transaction.rows.deliveries.where("open", notification_id)
            if entry.item.tenant_id == tenant_id and entry.item.status is DeliveryStatus.PENDING
        )
        return len(self._cancelled(islice(waiting, limit), at))

    async def cancel_pending_for(self, tenant_id: str, target: str, at: datetime, limit: int) -> dict[UUID, int]:
        waiting = self._transaction.rows.deliveries.where("waiting_for", (tenant_id, target))
        return dict(Counter(one.notification_id for one in self._cancelled(waiting[:limit], at)))

    def _cancelled(self, entries: Iterable[Entry[Delivery]], at: datetime) -> list[Delivery]:
        cancelled = [entry.item.end(DeliveryTrigger.CANCEL, at, "cancelled") for entry in entries]
        for one in cancelled:
            self._transaction.rows.deliveries.put(Entry(one))
            self._transaction.ends.append(DeliveryEnd.of(one))
        return cancelled
