"""Reading deliveries over all notifications in memory."""

from collections.abc import Iterator
from heapq import nlargest
from uuid import UUID

from application.notifications.ports import DeadLetterFilter, DeadLetterReader
from application.notifications.views import DeliveryView
from domain.notifications.delivery import Delivery
from domain.notifications.redrive import NotRedrivable, refuse_unless_redrivable
from infrastructure.memory.database import MemoryDatabase
from infrastructure.memory.notification_reader import delivery_view
from infrastructure.memory.tables import Entry


class MemoryDeadLetterReader(DeadLetterReader):
    def __init__(self, *, database: MemoryDatabase) -> None:
        self._database = database

    async def view(self, tenant_id: str, delivery_id: UUID) -> DeliveryView | None:
        entry = self._entry(tenant_id, delivery_id)
        return delivery_view(self._database, entry) if entry else None

    async def page(
        self, tenant_id: str, wanted: DeadLetterFilter, *, before: UUID | None, limit: int
    ) -> list[DeliveryView]:
        found = (entry for entry in self._wanted(tenant_id, wanted) if before is None or entry.item.id < before)
        newest = nlargest(limit, found, key=lambda entry: entry.item.id)
        return [delivery_view(self._database, entry) for entry in newest]

    async def get(self, tenant_id: str, delivery_id: UUID) -> Delivery | None:
        entry = self._entry(tenant_id, delivery_id)
        return entry.item if entry else None

    async def replay_of(self, tenant_id: str, delivery_id: UUID) -> DeliveryView | None:
        entry = self._entry(tenant_id, delivery_id)
        replay = self._replay(entry.item) if entry else None
        return delivery_view(self._database, replay) if replay else None

    async def redrivable_ids(self, tenant_id: str, wanted: DeadLetterFilter, *, limit: int) -> list[UUID]:
        return nlargest(limit, (one.id for one in self._redrivable(tenant_id, wanted)))

    async def redrivable(
        self, tenant_id: str, wanted: DeadLetterFilter, *, oldest: UUID, newest: UUID, limit: int
    ) -> list[Delivery]:
        found = (one for one in self._redrivable(tenant_id, wanted) if oldest <= one.id <= newest)
        return nlargest(limit, found, key=lambda one: one.id)

    def _entry(self, tenant_id: str, delivery_id: UUID) -> Entry[Delivery] | None:
        entry = self._database.deliveries.committed.get(delivery_id)
        return entry if entry is not None and entry.item.tenant_id == tenant_id else None

    def _wanted(self, tenant_id: str, wanted: DeadLetterFilter) -> Iterator[Entry[Delivery]]:
        for entry in self._database.deliveries.committed.all():
            one = entry.item
            if one.tenant_id == tenant_id and _fits(one, wanted) and self._of_workflow(one, wanted):
                yield entry

    def _redrivable(self, tenant_id: str, wanted: DeadLetterFilter) -> Iterator[Delivery]:
        for entry in self._wanted(tenant_id, wanted):
            notification = self._database.notifications.committed.get(entry.item.notification_id)
            called_off = notification is None or notification.cancel_requested_at is not None
            if not called_off and _may(entry.item) and self._replay(entry.item) is None:
                yield entry.item

    def _replay(self, one: Delivery) -> Entry[Delivery] | None:
        key = one.notification_id, one.target, one.step, one.channel, one.generation + 1
        return next(iter(self._database.deliveries.committed.where("repeat", key)), None)

    def _of_workflow(self, one: Delivery, wanted: DeadLetterFilter) -> bool:
        if not wanted.workflows:
            return True
        notification = self._database.notifications.committed.get(one.notification_id)
        return notification is not None and notification.workflow in wanted.workflows


def _fits(one: Delivery, wanted: DeadLetterFilter) -> bool:
    return (
        one.status in wanted.statuses
        and (not wanted.channels or one.channel in wanted.channels)
        and (not wanted.reasons or one.reason in wanted.reasons)
        and (not wanted.subscribers or one.target in wanted.subscribers)
        and (wanted.created_after is None or one.created_at > wanted.created_after)
        and (wanted.created_before is None or one.created_at < wanted.created_before)
    )


def _may(one: Delivery) -> bool:
    try:
        refuse_unless_redrivable(one)
    except NotRedrivable:
        return False
    return True
