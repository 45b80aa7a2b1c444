"""Inboxes in memory."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from heapq import nlargest
from uuid import UUID

from application.inbox.ports import InboxReader
from application.inbox.views import InboxCounts
from application.ports.inbox_repository import BulkMark, InboxRepository
from domain.inbox.filter import InboxFilter
from domain.inbox.item import InboxItem, Mark, counter_change
from domain.realtime.stream import StreamHead
from infrastructure.memory.database import MemoryDatabase
from infrastructure.memory.transaction import Transaction
from infrastructure.memory.wire import carried


class MemoryInboxRepository(InboxRepository):
    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def add_many(self, items: Sequence[InboxItem]) -> None:
        for item in items:
            self._transaction.rows.inbox.put(_stored(item))

    async def get(self, tenant_id: str, recipient_id: UUID, item_id: UUID) -> InboxItem | None:
        item = self._transaction.rows.inbox.get(item_id)
        ours = item is not None and (item.tenant_id, item.recipient_id) == (tenant_id, recipient_id)
        return item if ours else None

    async def by_sequence(
        self, tenant_id: str, recipient_ids: Collection[UUID], sequence_id: str
    ) -> Mapping[UUID, InboxItem]:
        return {
            item.recipient_id: item
            for recipient_id in recipient_ids
            for item in self._items(tenant_id, recipient_id)
            if item.sequence_id == sequence_id
        }

    async def save(self, item: InboxItem) -> None:
        before = await self.get(item.tenant_id, item.recipient_id, item.id)
        if before is not None:
            self._transaction.rows.inbox.put(replace(_stored(item), created_at=before.created_at))

    async def mark_all(
        self, tenant_id: str, recipient_id: UUID, mark: Mark, wanted: InboxFilter, *, at: datetime
    ) -> BulkMark:
        updated = unread = unseen = 0
        for before in filter(wanted.matches, self._items(tenant_id, recipient_id)):
            after = before.marked(mark, at)
            if after is before:
                continue
            self._transaction.rows.inbox.put(after)
            change = counter_change(before, after)
            updated, unread, unseen = updated + 1, unread + change[0], unseen + change[1]
        return BulkMark(updated=updated, unread=unread, unseen=unseen)

    async def remove(self, tenant_id: str, recipient_id: UUID, item_id: UUID) -> None:
        if await self.get(tenant_id, recipient_id, item_id) is not None:
            self._transaction.rows.inbox.remove(item_id)

    async def forget(self, tenant_id: str, recipient_id: UUID, limit: int) -> int:
        gone = self._items(tenant_id, recipient_id)[:limit]
        for item in gone:
            self._transaction.rows.inbox.remove(item.id)
        return len(gone)

    def _items(self, tenant_id: str, recipient_id: UUID) -> list[InboxItem]:
        stored = self._transaction.rows.inbox.where("recipient", recipient_id)
        return [item for item in stored if item.tenant_id == tenant_id]


class MemoryInboxReader(InboxReader):
    def __init__(self, *, database: MemoryDatabase) -> None:
        self._database = database

    async def page(
        self,
        tenant_id: str,
        recipient_id: UUID,
        wanted: InboxFilter,
        *,
        before: tuple[datetime, UUID] | None,
        limit: int,
    ) -> tuple[list[InboxItem], StreamHead | None]:
        found = (
            item
            for item in self._items(tenant_id, recipient_id)
            if (before is None or _place(item) < before) and wanted.matches(item)
        )
        stream = self._database.streams.committed.get(recipient_id)
        head = stream.head if stream is not None and stream.tenant_id == tenant_id else None
        return nlargest(limit, found, key=_place), head

    async def counts(
        self, tenant_id: str, recipient_id: UUID, wanted: InboxFilter | None = None
    ) -> Mapping[str, InboxCounts]:
        by_severity: dict[str, list[InboxItem]] = {}
        for item in filter((wanted or InboxFilter()).matches, self._items(tenant_id, recipient_id)):
            by_severity.setdefault(item.severity, []).append(item)
        return {severity: _counted(items) for severity, items in by_severity.items()}

    async def counts_of(
        self, tenant_id: str, recipient_id: UUID, filters: Sequence[InboxFilter]
    ) -> Sequence[InboxCounts]:
        items = self._items(tenant_id, recipient_id)
        return [_counted(list(filter(wanted.matches, items))) for wanted in filters]

    def _items(self, tenant_id: str, recipient_id: UUID) -> list[InboxItem]:
        stored = self._database.inbox.committed.where("recipient", recipient_id)
        return [item for item in stored if item.tenant_id == tenant_id]


def _stored(item: InboxItem) -> InboxItem:
    return replace(item, data=carried(item.data), actions=tuple(carried(action) for action in item.actions))


def _place(item: InboxItem) -> tuple[datetime, UUID]:
    return item.surfaced_at, item.id


def _counted(items: Sequence[InboxItem]) -> InboxCounts:
    return InboxCounts(
        unread=sum(item.unread for item in items), unseen=sum(item.unseen for item in items), total=len(items)
    )
