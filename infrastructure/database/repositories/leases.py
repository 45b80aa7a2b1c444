"""Named leases in SQL."""

from sqlalchemy import select, update

from application.ports.lease_rows import LeaseRows
from application.shared.system_scope import SystemScope
from infrastructure.database.tables import LeaseRow, table_of
from infrastructure.database.transaction import Transaction, Values

_TABLE = table_of(LeaseRow)


class SqlLeaseRows(LeaseRows):
    """See the port."""

    def __init__(self, transaction: Transaction) -> None:
        self._tx = transaction

    async def acquire(self, scope: SystemScope, name: str, seconds: float) -> int | None:
        row = await self._locked(name)
        now = await self._tx.now_ms()
        alive = row["until"] > now
        if alive and row["owner"] not in (None, scope.owner):
            return None
        token = row["token"] + (0 if alive and row["owner"] == scope.owner else 1)
        until = now + int(seconds * 1000)
        await self._tx.execute(
            update(_TABLE).where(_TABLE.c.name == name).values(owner=scope.owner, token=token, until=until)
        )
        return int(token)

    async def _locked(self, name: str) -> Values:
        """The row, ours until the commit; made when nobody ever had the lease."""
        query = select(_TABLE).where(_TABLE.c.name == name).with_for_update()
        while (row := await self._tx.row(query)) is None:
            free = {"name": name, "owner": None, "token": 0, "until": 0}
            await self._tx.insert_new(_TABLE, [free], "name")
        return row

    async def release(self, scope: SystemScope, name: str, token: int) -> None:
        await self._tx.execute(
            update(_TABLE)
            .where(_TABLE.c.name == name, _TABLE.c.owner == scope.owner, _TABLE.c.token == token)
            .values(owner=None, until=0)
        )
