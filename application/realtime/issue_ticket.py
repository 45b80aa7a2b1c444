"""A way to open a stream for clients that cannot send a header."""

from dataclasses import dataclass
from datetime import timedelta

from application.ports.clock import Clock
from application.ports.secret_mint import SecretMint
from application.realtime.views import TicketView
from application.shared.run_once import UnitOfWorkFactory
from domain.identity.digest import digest_of
from domain.identity.principal import Principal
from domain.realtime.ticket import StreamTicket


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueTicket:
    """Issue a ticket that opens the caller's stream once, within `ttl_seconds`. Only its digest is stored."""

    unit_of_work: UnitOfWorkFactory
    mint: SecretMint
    clock: Clock
    ttl_seconds: float = 30.0

    async def __call__(self, principal: Principal) -> TicketView:
        subscriber_id = principal.require_subscriber()
        text = self.mint.ticket()
        expires_at = self.clock.now() + timedelta(seconds=self.ttl_seconds)
        ticket = StreamTicket(
            digest=digest_of(text),
            tenant_id=principal.tenant_id,
            subscriber_id=subscriber_id,
            credential_expires_at=principal.expires_at,
            expires_at=expires_at,
        )
        async with self.unit_of_work() as uow:
            await uow.tickets.add(ticket, self.ttl_seconds)
            await uow.commit()
        return TicketView(ticket=text, expires_at=expires_at)
