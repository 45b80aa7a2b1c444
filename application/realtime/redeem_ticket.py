"""Using a ticket up."""

from dataclasses import dataclass

from application.shared.run_once import UnitOfWorkFactory
from domain.identity.digest import digest_of
from domain.identity.errors import TicketSpent
from domain.identity.principal import Principal, PrincipalKind

# Ours have 43 characters.
LONGEST = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class RedeemTicket:
    """Tell whom a ticket speaks for, and use it up. Raises `TicketSpent` for whatever else it is."""

    unit_of_work: UnitOfWorkFactory

    async def __call__(self, text: str) -> Principal:
        if not 0 < len(text) <= LONGEST:
            raise TicketSpent
        async with self.unit_of_work() as uow:
            ticket = await uow.tickets.redeem(digest_of(text))
            await uow.commit()
        if ticket is None:
            raise TicketSpent
        return Principal(
            kind=PrincipalKind.TICKET,
            tenant_id=ticket.tenant_id,
            id=ticket.subscriber_id,
            expires_at=ticket.credential_expires_at,
        )
