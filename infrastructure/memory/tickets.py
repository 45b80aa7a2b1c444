"""Stream tickets in memory."""

from datetime import timedelta

from application.ports.ticket_repository import TicketRepository
from domain.realtime.ticket import StreamTicket
from infrastructure.memory.database import TicketRow
from infrastructure.memory.transaction import Transaction


class MemoryTicketRepository(TicketRepository):
    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def add(self, ticket: StreamTicket, ttl: float) -> None:
        until = self._transaction.now() + timedelta(seconds=ttl)
        self._transaction.rows.tickets.put(TicketRow(ticket=ticket, until=until))

    async def redeem(self, digest: str) -> StreamTicket | None:
        row = self._transaction.rows.tickets.remove(digest)
        return row.ticket if row is not None and row.until > self._transaction.now() else None
