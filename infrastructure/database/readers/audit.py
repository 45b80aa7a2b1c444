"""Reading the audit trail in SQL."""

from sqlalchemy import select

from application.audit.ports import AuditReader
from domain.audit.chain import ChainHead, SealedEntry
from infrastructure.database.event_tables import AuditEntryRow, AuditHeadRow
from infrastructure.database.mappers.audit import head_from, sealed_from
from infrastructure.database.readers.snapshot import snapshot
from infrastructure.database.tables import table_of
from infrastructure.database.unit_of_work import Engines

_ENTRIES = table_of(AuditEntryRow)
_HEADS = table_of(AuditHeadRow)


class SqlAuditReader(AuditReader):
    """See the port."""

    def __init__(self, *, engines: Engines) -> None:
        self._engines = engines

    async def head(self, tenant_id: str) -> ChainHead:
        async with snapshot(self._engines) as tx:
            row = await tx.row(select(_HEADS).where(_HEADS.c.tenant_id == tenant_id))
        return head_from(row) if row else ChainHead()

    async def page(self, tenant_id: str, *, after: int, limit: int) -> list[SealedEntry]:
        query = (
            select(_ENTRIES)
            .where(_ENTRIES.c.tenant_id == tenant_id, _ENTRIES.c.position > after)
            .order_by(_ENTRIES.c.position)
            .limit(limit)
        )
        async with snapshot(self._engines) as tx:
            return [sealed_from(row) for row in await tx.rows(query)]
