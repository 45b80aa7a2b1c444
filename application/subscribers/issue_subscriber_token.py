"""A browser's credential."""

from dataclasses import dataclass
from datetime import timedelta

from application.ports.clock import Clock
from application.ports.token_signer import TokenSigner
from application.shared.audited import audited
from application.shared.run_once import UnitOfWorkFactory
from application.subscribers.ports import SubscriberReader
from application.subscribers.views import SubscriberToken
from domain.audit.entry import AuditAction
from domain.identity.principal import Principal
from domain.subscribers.subscriber import SubscriberNotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueSubscriberToken:
    """A bearer token for one subscriber's inbox and stream; it is not stored and cannot be called back before its
    end. That it was issued is noted before it is handed out.
    """

    unit_of_work: UnitOfWorkFactory
    subscribers: SubscriberReader
    signer: TokenSigner
    clock: Clock
    ttl_seconds: float

    async def __call__(self, principal: Principal, subscriber_id: str) -> SubscriberToken:
        if await self.subscribers.get(principal.tenant_id, subscriber_id) is None:
            raise SubscriberNotFound
        issued = self.signer.issue_subscriber_token(
            principal.tenant_id, subscriber_id, timedelta(seconds=self.ttl_seconds)
        )
        async with self.unit_of_work() as uow:
            uow.audit.append(audited(principal, AuditAction.TOKEN_ISSUE, subscriber_id, self.clock.now()))
            await uow.commit()
        return SubscriberToken(token=issued.token, expires_at=issued.expires_at)
