"""Reading inboxes in SQL."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, func, or_, select

from application.inbox.ports import InboxFilter, InboxReader
from application.inbox.views import InboxCounts
from domain.inbox.item import InboxItem
from domain.realtime.stream import StreamHead
from infrastructure.database.mappers.subscribers import item_from
from infrastructure.database.readers.snapshot import snapshot
from infrastructure.database.readers.streams import heads_in
from infrastructure.database.tables import InboxItemRow, table_of
from infrastructure.database.transaction import Transaction
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
            items = await _matching(tx, _conditions(tenant_id, recipient_id, wanted), wanted.tags, before, limit)
            head = (await heads_in(tx, [recipient_id], tenant_id)).get(recipient_id)
        return items, head

    async def counts(self, tenant_id: str, recipient_id: UUID) -> Mapping[str, InboxCounts]:
        query = (
            select(
                _TABLE.c.severity,
                func.sum(case((_TABLE.c.read_at.is_(None), 1), else_=0)).label("unread"),
                func.sum(case((_TABLE.c.seen_at.is_(None), 1), else_=0)).label("unseen"),
                func.count().label("total"),
            )
            .where(*_conditions(tenant_id, recipient_id, InboxFilter()))
            .group_by(_TABLE.c.severity)
        )
        async with snapshot(self._engines) as tx:
            rows = await tx.rows(query)
        return {
            row["severity"]: InboxCounts(unread=int(row["unread"]), unseen=int(row["unseen"]), total=row["total"])
            for row in rows
        }


async def _matching(
    tx: Transaction,
    conditions: list[ColumnElement[bool]],
    tags: tuple[str, ...],
    before: tuple[datetime, UUID] | None,
    limit: int,
) -> list[InboxItem]:
    """Tags are JSON, which no two databases search alike: pages are read until enough items carry one of them."""
    items: list[InboxItem] = []
    while len(items) < limit:
        query = select(_TABLE).where(*conditions).order_by(_TABLE.c.surfaced_at.desc(), _TABLE.c.id.desc())
        if before is not None:
            at, item_id = before
            same = and_(_TABLE.c.surfaced_at == at, _TABLE.c.id < item_id)
            query = query.where(or_(_TABLE.c.surfaced_at < at, same))
        found = [item_from(row) for row in await tx.rows(query.limit(limit))]
        items += [item for item in found if not tags or set(tags) & set(item.tags)]
        if len(found) < limit:
            break
        before = found[-1].surfaced_at, found[-1].id
    return items[:limit]


def _conditions(tenant_id: str, recipient_id: UUID, wanted: InboxFilter) -> list[ColumnElement[bool]]:
    conditions = [_TABLE.c.recipient_id == recipient_id, _TABLE.c.tenant_id == tenant_id]
    asked = (
        (_TABLE.c.read_at, wanted.read),
        (_TABLE.c.seen_at, wanted.seen),
        (_TABLE.c.archived_at, wanted.archived),
        (_TABLE.c.snoozed_until, wanted.snoozed),
    )
    conditions += [stamp.is_not(None) if there else stamp.is_(None) for stamp, there in asked if there is not None]
    if wanted.severities:
        conditions.append(_TABLE.c.severity.in_(wanted.severities))
    return conditions
