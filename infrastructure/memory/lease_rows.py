"""Named leases in memory."""

from datetime import timedelta

from application.ports.lease_rows import LeaseRows
from application.shared.system_scope import SystemScope
from infrastructure.memory.database import LeaseRow
from infrastructure.memory.transaction import Transaction


class MemoryLeaseRows(LeaseRows):
    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def acquire(self, scope: SystemScope, name: str, seconds: float) -> int | None:
        rows, now = self._transaction.rows, self._transaction.now()
        row = rows.leases.get(name)
        taken = row is not None and row.until > now
        if row is not None and taken and row.owner != scope.owner:
            return None
        token = row.token if row is not None and taken else next(rows.numbers)
        rows.leases.put(LeaseRow(name=name, owner=scope.owner, token=token, until=now + timedelta(seconds=seconds)))
        return token

    async def release(self, scope: SystemScope, name: str, token: int) -> None:
        rows = self._transaction.rows
        row = rows.leases.get(name)
        if row is not None and row.token == token:
            rows.leases.remove(name)
