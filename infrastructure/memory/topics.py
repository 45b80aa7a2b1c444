"""Topics in memory."""

from collections.abc import Collection
from dataclasses import replace
from uuid import UUID

from application.ports.topic_repository import TopicRepository
from application.topics.ports import TopicReader
from application.topics.views import TopicView
from domain.topics.topic import Topic
from infrastructure.memory.database import MemoryDatabase
from infrastructure.memory.transaction import Transaction


class MemoryTopicRepository(TopicRepository):
    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def get(self, tenant_id: str, key: str) -> Topic | None:
        return self._transaction.rows.topics.one("name", (tenant_id, key))

    async def add(self, topic: Topic) -> bool:
        if await self.get(topic.tenant_id, topic.key) is not None:
            return False
        self._transaction.rows.topics.put(topic)
        return True

    async def save(self, topic: Topic) -> None:
        before = topic_of(self._transaction.rows, topic.tenant_id, topic.id)
        if before is not None:
            self._transaction.rows.topics.put(replace(before, name=topic.name))

    async def delete(self, tenant_id: str, key: str) -> bool:
        rows, topic = self._transaction.rows, await self.get(tenant_id, key)
        if topic is None:
            return False
        for membership in rows.memberships.where("topic", topic.id):
            rows.memberships.remove(membership)
        rows.topics.remove(topic.id)
        return True

    async def add_members(self, tenant_id: str, topic_id: UUID, subscriber_ids: Collection[UUID]) -> int:
        rows, added = self._transaction.rows, 0
        if topic_of(rows, tenant_id, topic_id) is None:
            return 0
        for subscriber_id in subscriber_ids:
            subscriber = rows.subscribers.get(subscriber_id)
            ours = subscriber is not None and subscriber.tenant_id == tenant_id
            if ours and rows.memberships.get((topic_id, subscriber_id)) is None:
                rows.memberships.put((topic_id, subscriber_id))
                added += 1
        return added

    async def remove_members(self, tenant_id: str, topic_id: UUID, subscriber_ids: Collection[str]) -> int:
        rows, removed = self._transaction.rows, 0
        if topic_of(rows, tenant_id, topic_id) is None:
            return 0
        for subscriber_id in subscriber_ids:
            subscriber = rows.subscribers.one("name", (tenant_id, subscriber_id))
            if subscriber is not None and rows.memberships.remove((topic_id, subscriber.id)) is not None:
                removed += 1
        return removed


class MemoryTopicReader(TopicReader):
    def __init__(self, *, database: MemoryDatabase) -> None:
        self._database = database

    async def get(self, tenant_id: str, key: str) -> TopicView | None:
        found = self._database.topics.committed.where("name", (tenant_id, key))
        if not found:
            return None
        members = self._database.memberships.committed.where("topic", found[0].id)
        return TopicView(key=key, name=found[0].name, subscribers=len(members), created_at=found[0].created_at)


def topic_of(rows: MemoryDatabase, tenant_id: str, topic_id: UUID) -> Topic | None:
    """The topic, if it is this tenant's."""
    topic = rows.topics.get(topic_id)
    return topic if topic is not None and topic.tenant_id == tenant_id else None
