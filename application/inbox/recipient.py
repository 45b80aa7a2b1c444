"""From a credential to an inbox."""

from uuid import UUID

from application.ports.unit_of_work import UnitOfWork
from application.subscribers.owner import owned
from application.subscribers.ports import SubscriberReader
from domain.identity.principal import Principal


async def recipient_of(principal: Principal, subscribers: SubscriberReader) -> UUID:
    """The id (ours) of the subscriber that the caller is; raises what `owned` raises."""
    return owned(principal, await subscribers.get(principal.tenant_id, principal.require_subscriber())).id


async def recipient_in(uow: UnitOfWork, principal: Principal) -> UUID:
    """The same within a transaction."""
    return owned(principal, await uow.subscribers.get(principal.tenant_id, principal.require_subscriber())).id
