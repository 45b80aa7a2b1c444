"""Inboxes in memory."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from heapq import nlargest
from uuid import UUID

from application.inbox.ports import InboxFilter, InboxReader
from application.inbox.views import InboxCounts
from application.ports.inbox_repository import BulkMark, InboxRepository
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
        self,
        tenant_id: str,
        recipient_id: UUID,
        mark: Mark,
        *,
        tags: Sequence[str],
        severities: Sequence[str],
        at: datetime,
    ) -> BulkMark:
        updated = unread = unseen = 0
        for before in self._items(tenant_id, recipient_id):
            after = before.marked(mark, at)
            if after is before or not _listed(before) or not _any_of(before, tags, severities):
                continue
            self._transaction.rows.inbox.put(after)
            change = counter_change(before, after)
            updated, unread, unseen = updated + 1, unread + change[0], unseen + change[1]
        return BulkMark(updated=updated, unread=unread, unseen=unseen)

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
            if (before is None or _place(item) < before) and _wanted(item, wanted)
        )
        stream = self._database.streams.committed.get(recipient_id)
        head = stream.head if stream is not None and stream.tenant_id == tenant_id else None
        return nlargest(limit, found, key=_place), head

    async def counts(self, tenant_id: str, recipient_id: UUID) -> Mapping[str, InboxCounts]:
        counts: dict[str, InboxCounts] = {}
        for item in filter(_listed, self._items(tenant_id, recipient_id)):
            so_far = counts.get(item.severity, InboxCounts())
            counts[item.severity] = InboxCounts(
                unread=so_far.unread + item.unread, unseen=so_far.unseen + item.unseen, total=so_far.total + 1
            )
        return counts

    def _items(self, tenant_id: str, recipient_id: UUID) -> list[InboxItem]:
        stored = self._database.inbox.committed.where("recipient", recipient_id)
        return [item for item in stored if item.tenant_id == tenant_id]


def _stored(item: InboxItem) -> InboxItem:
    return replace(item, data=carried(item.data), actions=tuple(carried(action) for action in item.actions))


def _place(item: InboxItem) -> tuple[datetime, UUID]:
    return item.surfaced_at, item.id


def _listed(item: InboxItem) -> bool:
    return item.archived_at is None and item.snoozed_until is None


def _any_of(item: InboxItem, tags: Sequence[str], severities: Sequence[str]) -> bool:
    return (not tags or not set(tags).isdisjoint(item.tags)) and (not severities or item.severity in severities)


def _wanted(item: InboxItem, wanted: InboxFilter) -> bool:
    facts = (
        (wanted.read, item.read_at),
        (wanted.seen, item.seen_at),
        (wanted.archived, item.archived_at),
        (wanted.snoozed, item.snoozed_until),
    )
    return all(asked is None or asked == (at is not None) for asked, at in facts) and _any_of(
        item, wanted.tags, wanted.severities
    )
