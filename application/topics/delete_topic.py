"""Removing topics."""

from dataclasses import dataclass

from application.ports.clock import Clock
from application.shared.audited import audited
from application.shared.run_once import UnitOfWorkFactory
from domain.audit.entry import AuditAction
from domain.identity.principal import Principal
from domain.topics.topic import TopicNotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteTopic:
    """Remove a topic; its subscribers stay subscribers."""

    unit_of_work: UnitOfWorkFactory
    clock: Clock

    async def __call__(self, principal: Principal, key: str) -> None:
        async with self.unit_of_work() as uow:
            if not await uow.topics.delete(principal.tenant_id, key):
                raise TopicNotFound
            uow.audit.append(audited(principal, AuditAction.TOPIC_DELETE, key, self.clock.now()))
            await uow.commit()
