"""The audit trail in memory."""

from dataclasses import replace
from heapq import nsmallest

from application.audit.ports import AuditReader
from application.ports.audit_log import AuditLog
from application.ports.event_relay import RELAY_QUEUE
from application.ports.ids import Ids
from application.shared.carried_trace import CarriedTrace
from domain.audit.chain import ChainHead, RecordedEntry, SealedEntry
from domain.audit.entry import AuditEntry
from infrastructure.memory.database import MemoryDatabase
from infrastructure.memory.relay_tables import UnsealedEntry
from infrastructure.memory.transaction import Transaction
from infrastructure.memory.wire import carried


class MemoryAuditLog(AuditLog):
    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def append(self, entry: AuditEntry) -> None:
        self._transaction.audit.append(entry)


class MemoryAuditReader(AuditReader):
    def __init__(self, *, database: MemoryDatabase) -> None:
        self._database = database

    async def head(self, tenant_id: str) -> ChainHead:
        row = self._database.audit_heads.committed.get(tenant_id)
        return row[1] if row is not None else ChainHead()

    async def page(self, tenant_id: str, *, after: int, limit: int) -> list[SealedEntry]:
        stored = self._database.audit.committed.where("tenant", tenant_id)
        return nsmallest(limit, (one for one in stored if one.position > after), key=lambda one: one.position)


def store_audit(transaction: Transaction, ids: Ids, trace: str) -> None:
    """Keep the collected entries, unsealed, and have the relay woken."""
    rows, trace_id = transaction.rows, CarriedTrace.parse(trace).trace_id
    if transaction.audit:
        transaction.queues.append(RELAY_QUEUE)
    for entry in transaction.audit:
        stored = replace(entry, detail=carried(entry.detail))
        recorded = RecordedEntry(id=ids.new(), entry=stored, trace_id=trace_id)
        rows.unsealed_audit.put(UnsealedEntry(number=next(rows.numbers), recorded=recorded))


def seal_audit(transaction: Transaction, limit: int) -> int:
    """Put the oldest entries into the chains of their tenants."""
    rows = transaction.rows
    oldest = nsmallest(limit, rows.unsealed_audit.all(), key=lambda row: row.number)
    for row in oldest:
        tenant_id = row.recorded.entry.tenant_id
        _, head = rows.audit_heads.get(tenant_id) or (tenant_id, ChainHead())
        sealed = head.seal(row.recorded)
        rows.unsealed_audit.remove(row.number)
        rows.audit.put(sealed)
        rows.audit_heads.put((tenant_id, head.after(sealed)))
    return len(oldest)
