"""Inbox items in SQL."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, delete, select, update

from application.ports.inbox_repository import BulkMark, InboxRepository
from domain.inbox.filter import InboxFilter
from domain.inbox.item import InboxItem, Mark, counter_change
from infrastructure.database.inbox_conditions import conditions
from infrastructure.database.mappers.subscribers import item_from, item_values
from infrastructure.database.tables import InboxItemRow, table_of
from infrastructure.database.transaction import Transaction, Values

_TABLE = table_of(InboxItemRow)
_STAMPS = ("seen_at", "read_at", "archived_at", "snoozed_until", "updated_at")
_FIXED = ("id", "tenant_id", "recipient_id", "created_at")
# Rows that one statement of a bulk mark may hold in memory.
PAGE = 500
# Without which a mark changes nothing; an archived item can still be unread.
_SURE: Mapping[Mark, ColumnElement[bool]] = {
    Mark.SEEN: _TABLE.c.seen_at.is_(None),
    Mark.READ: _TABLE.c.read_at.is_(None),
    Mark.UNREAD: _TABLE.c.read_at.is_not(None),
    Mark.UNARCHIVE: _TABLE.c.archived_at.is_not(None),
}


class SqlInboxRepository(InboxRepository):
    """See the port."""

    def __init__(self, transaction: Transaction) -> None:
        self._tx = transaction

    async def add_many(self, items: Sequence[InboxItem]) -> None:
        self._tx.add(_TABLE, [item_values(item) for item in items])

    async def get(self, tenant_id: str, recipient_id: UUID, item_id: UUID) -> InboxItem | None:
        row = await self._tx.row(
            select(_TABLE).where(_TABLE.c.id == item_id, *_inbox(tenant_id, recipient_id)).with_for_update()
        )
        return item_from(row) if row else None

    async def by_sequence(
        self, tenant_id: str, recipient_ids: Collection[UUID], sequence_id: str
    ) -> Mapping[UUID, InboxItem]:
        rows = await self._tx.rows(
            select(_TABLE)
            .where(
                _TABLE.c.recipient_id.in_(recipient_ids),
                _TABLE.c.sequence_id == sequence_id,
                _TABLE.c.tenant_id == tenant_id,
            )
            .order_by(_TABLE.c.id)
            .with_for_update()
        )
        return {row["recipient_id"]: item_from(row) for row in rows}

    async def save(self, item: InboxItem) -> None:
        values = {name: value for name, value in item_values(item).items() if name not in _FIXED}
        await self._tx.execute(
            update(_TABLE).where(_TABLE.c.id == item.id, *_inbox(item.tenant_id, item.recipient_id)).values(values)
        )

    async def mark_all(
        self, tenant_id: str, recipient_id: UUID, mark: Mark, wanted: InboxFilter, *, at: datetime
    ) -> BulkMark:
        """What a mark does to an item is the item's to say, so that they are read, page by page."""
        matching = [*_inbox(tenant_id, recipient_id), *conditions(wanted, self._tx.connection.dialect.name)]
        updated = unread = unseen = 0
        after: UUID | None = None
        while items := await self._markable(matching, mark, after):
            after = items[-1].id
            changes: list[Values] = []
            for before in items:
                item = before.marked(mark, at)
                if item is before:
                    continue
                delta = counter_change(before, item)
                unread, unseen = unread + delta[0], unseen + delta[1]
                changes.append({"row_id": item.id} | {name: getattr(item, name) for name in _STAMPS})
            updated += len(changes)
            if changes:
                await self._tx.execute(
                    update(_TABLE)
                    .where(_TABLE.c.id == bindparam("row_id"))
                    .values({name: bindparam(name) for name in _STAMPS}),
                    changes,
                )
        return BulkMark(updated=updated, unread=unread, unseen=unseen)

    async def _markable(
        self, matching: Sequence[ColumnElement[bool]], mark: Mark, after: UUID | None
    ) -> list[InboxItem]:
        query = select(_TABLE).where(*matching)
        if mark in _SURE:
            query = query.where(_SURE[mark])
        if after is not None:
            query = query.where(_TABLE.c.id > after)
        page = query.order_by(_TABLE.c.id).limit(PAGE).with_for_update()
        return [item_from(row) for row in await self._tx.rows(page)]

    async def remove(self, tenant_id: str, recipient_id: UUID, item_id: UUID) -> None:
        await self._tx.execute(delete(_TABLE).where(_TABLE.c.id == item_id, *_inbox(tenant_id, recipient_id)))

    async def forget(self, tenant_id: str, recipient_id: UUID, limit: int) -> int:
        some = select(_TABLE.c.id).where(*_inbox(tenant_id, recipient_id)).limit(limit)
        ids = [row["id"] for row in await self._tx.rows(some)]
        return await self._tx.changed(delete(_TABLE).where(_TABLE.c.id.in_(ids))) if ids else 0


def _inbox(tenant_id: str, recipient_id: UUID) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return _TABLE.c.recipient_id == recipient_id, _TABLE.c.tenant_id == tenant_id
