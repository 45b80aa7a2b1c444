"""Removing a subscriber."""

from dataclasses import dataclass

from application.ports.clock import Clock
from application.ports.ids import Ids
from application.shared.audited import audited
from application.shared.run_once import UnitOfWorkFactory
from domain.audit.entry import AuditAction
from domain.identity.principal import Principal
from domain.subscribers.events import SubscriberDeleted
from domain.subscribers.subscriber import SubscriberNotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteSubscriber:
    """Remove a subscriber with its contact points, memberships, inbox and stream.

    - What waits to be sent to it is cancelled; the record of what was sent stays.
    - Its open streams end.
    """

    unit_of_work: UnitOfWorkFactory
    clock: Clock
    ids: Ids

    async def __call__(self, principal: Principal, subscriber_id: str) -> None:
        async with self.unit_of_work() as uow:
            gone = await uow.subscribers.delete(principal.tenant_id, subscriber_id)
            if gone is None:
                raise SubscriberNotFound
            now = self.clock.now()
            uow.events.append(
                SubscriberDeleted(
                    id=self.ids.new(),
                    tenant_id=principal.tenant_id,
                    aggregate_id=f"subscriber:{gone.id}",
                    occurred_at=now,
                    subscriber_id=subscriber_id,
                    recipient_id=str(gone.id),
                )
            )
            uow.audit.append(audited(principal, AuditAction.SUBSCRIBER_DELETE, subscriber_id, now))
            await uow.commit()
