"""Writing the audit trail in SQL."""

from collections.abc import Sequence

from sqlalchemy import bindparam, select, update

from application.ports.audit_log import AuditLog
from application.ports.event_relay import RELAY_QUEUE
from application.ports.ids import Ids
from application.shared.carried_trace import CarriedTrace
from domain.audit.chain import ChainHead
from domain.audit.entry import AuditEntry
from infrastructure.database.event_tables import AuditEntryRow, AuditHeadRow
from infrastructure.database.mappers.audit import head_from, recorded_from
from infrastructure.database.tables import table_of
from infrastructure.database.transaction import Transaction, Values

_ENTRIES = table_of(AuditEntryRow)
_HEADS = table_of(AuditHeadRow)
CHAINS = "audit chains"


class SqlAuditLog(AuditLog):
    """Collects; `write_audit` stores them unsealed when the transaction is about to commit."""

    def __init__(self, transaction: Transaction) -> None:
        self._tx = transaction

    def append(self, entry: AuditEntry) -> None:
        self._tx.audit.append(entry)


def write_audit(tx: Transaction, ids: Ids) -> None:
    """Store the collected entries outside of any chain; the relay, which is woken, puts them into theirs."""
    if not tx.audit:
        return
    tx.queues.add(RELAY_QUEUE)
    trace_id = CarriedTrace.parse(tx.trace or "").trace_id
    tx.add(
        _ENTRIES,
        [
            {
                "id": ids.new(),
                "tenant_id": entry.tenant_id,
                "position": None,
                "digest": None,
                "actor": entry.actor,
                "action": str(entry.action),
                "target": entry.target,
                "at": entry.at,
                "detail": entry.detail,
                "trace_id": trace_id,
            }
            for entry in tx.audit
        ],
    )


async def seal_audit(tx: Transaction, limit: int) -> int:
    """Put the oldest entries into the chains of their tenants, each computed from the row as it is stored."""
    # Two that seal at once would put the same entries into two places.
    await tx.hold_name(CHAINS)
    rows = await tx.rows(select(_ENTRIES).where(_ENTRIES.c.position.is_(None)).order_by(_ENTRIES.c.id).limit(limit))
    if rows:
        heads = await _heads(tx, sorted({row["tenant_id"] for row in rows}))
        changes: list[Values] = []
        for row in rows:
            sealed = heads[row["tenant_id"]].seal(recorded_from(row))
            heads[row["tenant_id"]] = heads[row["tenant_id"]].after(sealed)
            changes.append({"row_id": row["id"], "place": sealed.position, "sum": sealed.digest})
        await tx.execute(
            update(_ENTRIES)
            .where(_ENTRIES.c.id == bindparam("row_id"))
            .values(position=bindparam("place"), digest=bindparam("sum")),
            changes,
        )
        for tenant_id, head in heads.items():
            values = {"tenant_id": tenant_id, "position": head.position, "digest": head.digest}
            await tx.upsert(_HEADS, values, ["tenant_id"])
    return len(rows)


async def _heads(tx: Transaction, tenant_ids: Sequence[str]) -> dict[str, ChainHead]:
    rows = await tx.rows(select(_HEADS).where(_HEADS.c.tenant_id.in_(tenant_ids)))
    found = {row["tenant_id"]: head_from(row) for row in rows}
    return {tenant_id: found.get(tenant_id, ChainHead()) for tenant_id in tenant_ids}
