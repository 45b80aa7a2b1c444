"""Reading inboxes in SQL."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import chain
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select, true

from application.inbox.ports import InboxReader
from application.inbox.views import InboxCounts
from domain.inbox.filter import InboxFilter
from domain.inbox.item import InboxItem
from domain.realtime.stream import StreamHead
from infrastructure.database.inbox_conditions import conditions, unread, unseen
from infrastructure.database.mappers.subscribers import item_from
from infrastructure.database.readers.snapshot import snapshot
from infrastructure.database.readers.streams import heads_in
from infrastructure.database.tables import InboxItemRow, table_of
from infrastructure.database.transaction import Transaction, Values
from infrastructure.database.unit_of_work import Engines

_TABLE = table_of(InboxItemRow)


class SqlInboxReader(InboxReader):
    """See the port."""

    def __init__(self, *, engines: Engines) -> None:
        self._engines = engines

    async def page(
        self,
        tenant_id: str,
        recipient_id: UUID,
        wanted: InboxFilter,
        *,
        before: tuple[datetime, UUID] | None,
        limit: int,
    ) -> tuple[list[InboxItem], StreamHead | None]:
        async with snapshot(self._engines) as tx:
            query = select(_TABLE).where(
                *_inbox(tenant_id, recipient_id), *conditions(wanted, tx.connection.dialect.name)
            )
            items = await _matching(tx, query, before, limit)
            head = (await heads_in(tx, [recipient_id], tenant_id)).get(recipient_id)
        return items, head

    async def counts(
        self, tenant_id: str, recipient_id: UUID, wanted: InboxFilter | None = None
    ) -> Mapping[str, InboxCounts]:
        async with snapshot(self._engines) as tx:
            query = select(_TABLE.c.severity, *_counted(true(), unread(), unseen(), "")).where(
                *_inbox(tenant_id, recipient_id), *conditions(wanted or InboxFilter(), tx.connection.dialect.name)
            )
            rows = await tx.rows(query.group_by(_TABLE.c.severity))
        return {row["severity"]: _counts_from(row, "") for row in rows}

    async def counts_of(
        self, tenant_id: str, recipient_id: UUID, filters: Sequence[InboxFilter]
    ) -> Sequence[InboxCounts]:
        """One walk through the inbox, whatever the number of filters."""
        names = [str(number) for number in range(len(filters))]
        async with snapshot(self._engines) as tx:
            meant = [and_(true(), *conditions(wanted, tx.connection.dialect.name)) for wanted in filters]
            labelled = [condition.label(name) for name, condition in zip(names, meant, strict=True)]
            inbox = (
                select(unread().label("unread"), unseen().label("unseen"), *labelled)
                .where(*_inbox(tenant_id, recipient_id))
                .subquery()
            )
            columns = [_counted(inbox.c[name], inbox.c.unread, inbox.c.unseen, name) for name in names]
            [row] = await tx.rows(select(*chain.from_iterable(columns)))
        return [_counts_from(row, name) for name in names]


async def _matching(
    tx: Transaction, query: Select[tuple[object, ...]], before: tuple[datetime, UUID] | None, limit: int
) -> list[InboxItem]:
    if before is not None:
        at, item_id = before
        same = and_(_TABLE.c.surfaced_at == at, _TABLE.c.id < item_id)
        query = query.where(or_(_TABLE.c.surfaced_at < at, same))
    newest_first = query.order_by(_TABLE.c.surfaced_at.desc(), _TABLE.c.id.desc())
    return [item_from(row) for row in await tx.rows(newest_first.limit(limit))]


def _inbox(tenant_id: str, recipient_id: UUID) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return _TABLE.c.recipient_id == recipient_id, _TABLE.c.tenant_id == tenant_id


def _counted(
    meant: ColumnElement[bool], not_read: ColumnElement[bool], not_seen: ColumnElement[bool], name: str
) -> list[ColumnElement[int]]:
    parts = {"unread": and_(meant, not_read), "unseen": and_(meant, not_seen), "total": meant}
    return [func.count(case((condition, 1))).label(part + name) for part, condition in parts.items()]


def _counts_from(row: Values, name: str) -> InboxCounts:
    return InboxCounts(unread=row["unread" + name], unseen=row["unseen" + name], total=row["total" + name])
