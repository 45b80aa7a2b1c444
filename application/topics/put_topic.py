"""Creating and renaming topics."""

from dataclasses import dataclass, replace

from application.ports.clock import Clock
from application.ports.ids import Ids
from application.shared.audited import audited
from application.shared.run_once import UnitOfWorkFactory
from application.topics.ports import TopicReader
from application.topics.views import TopicView
from domain.audit.entry import AuditAction
from domain.identity.principal import Principal
from domain.topics.topic import Topic, TopicNotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class PutTopic:
    """Create a topic, or change its name; its subscribers stay."""

    unit_of_work: UnitOfWorkFactory
    topics: TopicReader
    clock: Clock
    ids: Ids

    async def __call__(self, principal: Principal, key: str, name: str | None) -> tuple[TopicView, bool]:
        """The topic, and whether it is new."""
        async with self.unit_of_work() as uow:
            before = await uow.topics.get(principal.tenant_id, key)
            now = self.clock.now()
            created = before is None and await uow.topics.add(
                Topic(id=self.ids.new(), tenant_id=principal.tenant_id, key=key, name=name, created_at=now)
            )
            if not created:
                before = before or await uow.topics.get(principal.tenant_id, key)
                if before is None:
                    raise TopicNotFound
                await uow.topics.save(replace(before, name=name))
            action = AuditAction.TOPIC_CREATE if created else AuditAction.TOPIC_UPDATE
            uow.audit.append(audited(principal, action, key, now, fields=["name"]))
            await uow.commit()
        view = await self.topics.get(principal.tenant_id, key)
        if view is None:
            raise TopicNotFound
        return view, created
