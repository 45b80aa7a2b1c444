"""Stream tickets in SQL."""

from sqlalchemy import delete, insert, select

from application.ports.ticket_repository import TicketRepository
from domain.realtime.ticket import StreamTicket
from infrastructure.database.tables import TicketRow, table_of
from infrastructure.database.transaction import Transaction

_TABLE = table_of(TicketRow)


class SqlTicketRepository(TicketRepository):
    """See the port."""

    def __init__(self, transaction: Transaction) -> None:
        self._tx = transaction

    async def add(self, ticket: StreamTicket, ttl: float) -> None:
        await self._tx.execute(
            insert(_TABLE).values(
                digest=ticket.digest,
                tenant_id=ticket.tenant_id,
                subscriber_id=ticket.subscriber_id,
                credential_expires_at=ticket.credential_expires_at,
                expires_at=ticket.expires_at,
                until=await self._tx.now_ms() + int(ttl * 1000),
            )
        )

    async def redeem(self, digest: str) -> StreamTicket | None:
        row = await self._tx.row(
            select(_TABLE, self._tx.dialect.now_ms.label("store_now")).where(_TABLE.c.digest == digest)
        )
        if row is None:
            return None
        used = await self._tx.changed(delete(_TABLE).where(_TABLE.c.digest == digest))
        if used != 1 or row["until"] < row["store_now"]:
            return None
        return StreamTicket(
            digest=row["digest"],
            tenant_id=row["tenant_id"],
            subscriber_id=row["subscriber_id"],
            credential_expires_at=row["credential_expires_at"],
            expires_at=row["expires_at"],
        )
