"""Stored inbox items."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from domain.inbox.filter import InboxFilter
from domain.inbox.item import InboxItem, Mark


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkMark:
    """What a bulk mark changed: the number of items, and the change of the counters."""

    updated: int
    unread: int
    unseen: int


class InboxRepository(Protocol):
    """Items of one tenant at a time, within the caller's transaction. `recipient_id` is the subscriber's id (ours)."""

    async def add_many(self, items: Sequence[InboxItem]) -> None:
        """Store new items."""
        ...

    async def get(self, tenant_id: str, recipient_id: UUID, item_id: UUID) -> InboxItem | None:
        """One item of one recipient; another recipient's item is not found."""
        ...

    async def by_sequence(
        self, tenant_id: str, recipient_ids: Collection[UUID], sequence_id: str
    ) -> Mapping[UUID, InboxItem]:
        """The items that a new notification of the same `sequenceId` replaces, by recipient."""
        ...

    async def save(self, item: InboxItem) -> None:
        """Replace every field but `id`, `tenant_id`, `recipient_id` and `created_at`."""
        ...

    async def mark_all(
        self, tenant_id: str, recipient_id: UUID, mark: Mark, wanted: InboxFilter, *, at: datetime
    ) -> BulkMark:
        """Mark everything that matches; what the mark does not change is not counted."""
        ...

    async def remove(self, tenant_id: str, recipient_id: UUID, item_id: UUID) -> None:
        """Delete one item of one recipient; another recipient's stays."""
        ...

    async def forget(self, tenant_id: str, recipient_id: UUID, limit: int) -> int:
        """Delete at most `limit` items of a recipient; returns how many."""
        ...
