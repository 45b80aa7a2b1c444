"""Topics in SQL."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import delete, select, update

from application.ports.topic_repository import TopicRepository
from domain.topics.topic import Topic
from infrastructure.database.mappers.subscribers import topic_from, topic_values
from infrastructure.database.tables import SubscriberRow, TopicMemberRow, TopicRow, table_of
from infrastructure.database.transaction import Transaction

_TABLE = table_of(TopicRow)
_MEMBERS = table_of(TopicMemberRow)
_SUBSCRIBERS = table_of(SubscriberRow)


class SqlTopicRepository(TopicRepository):
    """See the port."""

    def __init__(self, transaction: Transaction) -> None:
        self._tx = transaction

    async def get(self, tenant_id: str, key: str) -> Topic | None:
        row = await self._tx.row(
            select(_TABLE).where(_TABLE.c.tenant_id == tenant_id, _TABLE.c.key == key).with_for_update()
        )
        return topic_from(row) if row else None

    async def add(self, topic: Topic) -> bool:
        new = await self._tx.insert_new(_TABLE, [topic_values(topic)], "id")
        return bool(new)

    async def save(self, topic: Topic) -> None:
        await self._tx.execute(
            update(_TABLE).where(_TABLE.c.id == topic.id, _TABLE.c.tenant_id == topic.tenant_id).values(name=topic.name)
        )

    async def delete(self, tenant_id: str, key: str) -> bool:
        topic = await self.get(tenant_id, key)
        if topic is None:
            return False
        await self._tx.execute(delete(_MEMBERS).where(_MEMBERS.c.topic_id == topic.id))
        await self._tx.execute(delete(_TABLE).where(_TABLE.c.id == topic.id))
        return True

    async def add_members(self, tenant_id: str, topic_id: UUID, subscriber_ids: Collection[UUID]) -> int:
        ours = (
            select(_TABLE.c.id)
            .where(_TABLE.c.id == topic_id, _TABLE.c.tenant_id == tenant_id)
            .with_for_update(read=True, key_share=True)
        )
        if not subscriber_ids or await self._tx.row(ours) is None:
            return 0
        known = select(_SUBSCRIBERS.c.id).where(
            _SUBSCRIBERS.c.tenant_id == tenant_id, _SUBSCRIBERS.c.id.in_(subscriber_ids)
        )
        rows = [
            {"topic_id": topic_id, "subscriber_id": row["id"], "tenant_id": tenant_id}
            for row in await self._tx.rows(known.order_by(_SUBSCRIBERS.c.id))
        ]
        if not rows:
            return 0
        return len(await self._tx.insert_new(_MEMBERS, rows, "subscriber_id"))

    async def remove_members(self, tenant_id: str, topic_id: UUID, subscriber_ids: Collection[str]) -> int:
        named = select(_SUBSCRIBERS.c.id).where(
            _SUBSCRIBERS.c.tenant_id == tenant_id, _SUBSCRIBERS.c.subscriber_id.in_(subscriber_ids)
        )
        return await self._tx.changed(
            delete(_MEMBERS).where(
                _MEMBERS.c.topic_id == topic_id,
                _MEMBERS.c.tenant_id == tenant_id,
                _MEMBERS.c.subscriber_id.in_(named),
            )
        )
