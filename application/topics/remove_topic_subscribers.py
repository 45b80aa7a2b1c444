"""Parting subscribers from topics."""

from collections.abc import Sequence
from dataclasses import dataclass

from application.ports.clock import Clock
from application.shared.audited import audited
from application.shared.run_once import UnitOfWorkFactory
from domain.audit.entry import AuditAction
from domain.identity.principal import Principal
from domain.topics.topic import TopicNotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveTopicSubscribers:
    """Part subscribers from a topic; one that is not in it is passed over."""

    unit_of_work: UnitOfWorkFactory
    clock: Clock

    async def __call__(self, principal: Principal, key: str, subscriber_ids: Sequence[str]) -> None:
        async with self.unit_of_work() as uow:
            topic = await uow.topics.get(principal.tenant_id, key)
            if topic is None:
                raise TopicNotFound
            removed = await uow.topics.remove_members(principal.tenant_id, topic.id, set(subscriber_ids))
            if removed:
                action = AuditAction.TOPIC_REMOVE_SUBSCRIBERS
                uow.audit.append(audited(principal, action, key, self.clock.now(), removed=removed))
            await uow.commit()
