"""Reading subscribers and topics in SQL."""

from collections.abc import Collection, Mapping
from uuid import UUID

from sqlalchemy import func, select

from application.subscribers.ports import SubscriberReader
from application.topics.ports import TopicReader
from application.topics.views import TopicView
from domain.subscribers.subscriber import Subscriber
from infrastructure.database.mappers.subscribers import subscriber_from
from infrastructure.database.readers.snapshot import snapshot
from infrastructure.database.tables import SubscriberRow, TopicMemberRow, TopicRow, table_of
from infrastructure.database.unit_of_work import Engines

_SUBSCRIBERS = table_of(SubscriberRow)
_TOPICS = table_of(TopicRow)
_MEMBERS = table_of(TopicMemberRow)


class SqlSubscriberReader(SubscriberReader):
    """See the port."""

    def __init__(self, *, engines: Engines) -> None:
        self._engines = engines

    async def get(self, tenant_id: str, subscriber_id: str) -> Subscriber | None:
        return (await self.get_many(tenant_id, [subscriber_id])).get(subscriber_id)

    async def get_many(self, tenant_id: str, subscriber_ids: Collection[str]) -> Mapping[str, Subscriber]:
        query = select(_SUBSCRIBERS).where(
            _SUBSCRIBERS.c.tenant_id == tenant_id, _SUBSCRIBERS.c.subscriber_id.in_(subscriber_ids)
        )
        async with snapshot(self._engines) as tx:
            return {row["subscriber_id"]: subscriber_from(row) for row in await tx.rows(query)}

    async def page(self, tenant_id: str, *, before: UUID | None, limit: int) -> list[Subscriber]:
        query = (
            select(_SUBSCRIBERS)
            .where(_SUBSCRIBERS.c.tenant_id == tenant_id)
            .order_by(_SUBSCRIBERS.c.id.desc())
            .limit(limit)
        )
        if before is not None:
            query = query.where(_SUBSCRIBERS.c.id < before)
        async with snapshot(self._engines) as tx:
            return [subscriber_from(row) for row in await tx.rows(query)]


class SqlTopicReader(TopicReader):
    """See the port."""

    def __init__(self, *, engines: Engines) -> None:
        self._engines = engines

    async def get(self, tenant_id: str, key: str) -> TopicView | None:
        members = (
            select(func.count()).select_from(_MEMBERS).where(_MEMBERS.c.topic_id == _TOPICS.c.id).scalar_subquery()
        )
        query = select(_TOPICS, members.label("subscribers")).where(
            _TOPICS.c.tenant_id == tenant_id, _TOPICS.c.key == key
        )
        async with snapshot(self._engines) as tx:
            row = await tx.row(query)
        if row is None:
            return None
        return TopicView(key=row["key"], name=row["name"], subscribers=row["subscribers"], created_at=row["created_at"])
