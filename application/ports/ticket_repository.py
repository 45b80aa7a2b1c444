"""Stored stream tickets."""

from typing import Protocol

from domain.realtime.ticket import StreamTicket


class TicketRepository(Protocol):
    """Single-use tickets, known by their digest alone."""

    async def add(self, ticket: StreamTicket, ttl: float) -> None:
        """Store a ticket that can be redeemed for `ttl` seconds."""
        ...

    async def redeem(self, digest: str) -> StreamTicket | None:
        """Use a ticket up. None when it is unknown, used or too old; of two at once one gets it."""
        ...
