"""Asking for topics."""

from dataclasses import dataclass

from application.topics.ports import TopicReader
from application.topics.views import TopicView
from domain.identity.principal import Principal
from domain.topics.topic import TopicNotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class GetTopic:
    """One topic."""

    topics: TopicReader

    async def __call__(self, principal: Principal, key: str) -> TopicView:
        topic = await self.topics.get(principal.tenant_id, key)
        if topic is None:
            raise TopicNotFound
        return topic
