"""Joining subscribers to topics."""

from collections.abc import Sequence
from dataclasses import dataclass

from application.ports.clock import Clock
from application.ports.ids import Ids
from application.ports.unit_of_work import UnitOfWork
from application.shared.audited import audited
from application.shared.idempotency import Answer, Idempotency
from application.shared.run_once import UnitOfWorkFactory, run_once
from application.subscribers.known_subscribers import known_subscribers
from application.topics.views import MembershipView
from domain.audit.entry import AuditAction
from domain.identity.principal import Principal
from domain.notifications.content import Recipient
from domain.topics.topic import TopicNotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class AddTopicSubscribers:
    """Join subscribers to a topic; an unknown one is created bare."""

    unit_of_work: UnitOfWorkFactory
    clock: Clock
    ids: Ids

    async def __call__(
        self, principal: Principal, key: str, subscriber_ids: Sequence[str], idempotency: Idempotency | None = None
    ) -> Answer[MembershipView]:
        return await run_once(
            self.unit_of_work, idempotency, MembershipView, lambda uow: self._add(uow, principal, key, subscriber_ids)
        )

    async def _add(
        self, uow: UnitOfWork, principal: Principal, key: str, subscriber_ids: Sequence[str]
    ) -> MembershipView:
        topic = await uow.topics.get(principal.tenant_id, key)
        if topic is None:
            raise TopicNotFound
        entries, now = [Recipient(subscriber_id=each) for each in subscriber_ids], self.clock.now()
        members = await known_subscribers(uow, principal.tenant_id, entries, self.ids, now)
        added = await uow.topics.add_members(principal.tenant_id, topic.id, [member.id for member in members])
        if added:
            uow.audit.append(audited(principal, AuditAction.TOPIC_ADD_SUBSCRIBERS, key, now, added=added))
        return MembershipView(changed=added, unchanged=len(members) - added)
