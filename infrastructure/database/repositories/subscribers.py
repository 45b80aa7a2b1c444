"""Subscribers in SQL."""

from collections.abc import Collection, Mapping, Sequence
from operator import itemgetter
from uuid import UUID

from sqlalchemy import bindparam, delete, insert, select, update

from application.ports.subscriber_repository import SubscriberRepository
from domain.realtime.stream import first_epoch
from domain.subscribers.subscriber import Subscriber
from infrastructure.database.mappers.subscribers import subscriber_from, subscriber_values
from infrastructure.database.query import Query
from infrastructure.database.tables import (
    StreamEventRow,
    StreamRow,
    SubscriberRow,
    TopicMemberRow,
    table_of,
)
from infrastructure.database.transaction import Transaction

_TABLE = table_of(SubscriberRow)
_MEMBERS = table_of(TopicMemberRow)
_STREAMS = table_of(StreamRow)
_STREAM_EVENTS = table_of(StreamEventRow)
_ONE = Query(
    select(_TABLE).where(
        _TABLE.c.tenant_id == bindparam("tenant_id"), _TABLE.c.subscriber_id == bindparam("subscriber_id")
    )
)
_SOME = Query(
    select(_TABLE).where(
        _TABLE.c.tenant_id == bindparam("tenant_id"),
        _TABLE.c.subscriber_id.in_(bindparam("subscriber_ids", expanding=True)),
    )
)


class SqlSubscriberRepository(SubscriberRepository):
    """See the port."""

    def __init__(self, transaction: Transaction) -> None:
        self._tx = transaction

    async def get(self, tenant_id: str, subscriber_id: str) -> Subscriber | None:
        row = await self._tx.row(
            select(_TABLE)
            .where(_TABLE.c.tenant_id == tenant_id, _TABLE.c.subscriber_id == subscriber_id)
            .with_for_update()
        )
        return subscriber_from(row) if row else None

    async def get_many(self, tenant_id: str, subscriber_ids: Collection[str]) -> Mapping[str, Subscriber]:
        if len(subscriber_ids) == 1:
            rows = await self._tx.ask(_ONE, tenant_id=tenant_id, subscriber_id=next(iter(subscriber_ids)))
        else:
            rows = await self._tx.ask(_SOME, tenant_id=tenant_id, subscriber_ids=list(subscriber_ids))
        return {row["subscriber_id"]: subscriber_from(row) for row in rows}

    async def ensure_many(self, tenant_id: str, subscribers: Sequence[Subscriber]) -> Mapping[str, Subscriber]:
        if not subscribers:
            return {}
        ours = [subscriber for subscriber in subscribers if subscriber.tenant_id == tenant_id]
        # Sorted: two that bring the same new people in another order would each wait for the other.
        rows = sorted(map(subscriber_values, ours), key=itemgetter("subscriber_id"))
        new = await self._tx.insert_new(_TABLE, rows, "id")
        if new:
            await self._open_streams(tenant_id, new)
        stored = {subscriber.subscriber_id: subscriber for subscriber in ours if subscriber.id in new}
        taken = [subscriber.subscriber_id for subscriber in ours if subscriber.subscriber_id not in stored]
        return stored | dict(await self.get_many(tenant_id, taken)) if taken else stored

    async def _open_streams(self, tenant_id: str, subscriber_ids: Collection[UUID]) -> None:
        seconds = await self._tx.now_ms() // 1000
        empty = {"tenant_id": tenant_id, "seq": 0, "oldest_seq": 1, "unread": 0, "unseen": 0}
        await self._tx.execute(
            insert(_STREAMS),
            [{"stream_id": one, "epoch": first_epoch(one, seconds), **empty} for one in subscriber_ids],
        )

    async def save(self, subscriber: Subscriber) -> None:
        values = subscriber_values(subscriber)
        kept = ("id", "tenant_id", "subscriber_id", "created_at")
        await self._tx.execute(
            update(_TABLE)
            .where(_TABLE.c.id == subscriber.id, _TABLE.c.tenant_id == subscriber.tenant_id)
            .values({name: value for name, value in values.items() if name not in kept})
        )

    async def delete(self, tenant_id: str, subscriber_id: str) -> Subscriber | None:
        gone = await self.get(tenant_id, subscriber_id)
        if gone is not None:
            await self._tx.execute(delete(_MEMBERS).where(_MEMBERS.c.subscriber_id == gone.id))
            await self._tx.execute(delete(_STREAM_EVENTS).where(_STREAM_EVENTS.c.stream_id == gone.id))
            await self._tx.execute(delete(_STREAMS).where(_STREAMS.c.stream_id == gone.id))
            await self._tx.execute(delete(_TABLE).where(_TABLE.c.id == gone.id))
        return gone

    async def page(self, tenant_id: str, after: UUID | None, limit: int) -> list[Subscriber]:
        query = select(_TABLE).where(_TABLE.c.tenant_id == tenant_id).order_by(_TABLE.c.id).limit(limit)
        if after is not None:
            query = query.where(_TABLE.c.id > after)
        return [subscriber_from(row) for row in await self._tx.rows(query)]

    async def page_of_topic(self, tenant_id: str, topic_id: UUID, after: UUID | None, limit: int) -> list[Subscriber]:
        query = (
            select(_TABLE)
            .join(_MEMBERS, _MEMBERS.c.subscriber_id == _TABLE.c.id)
            .where(_MEMBERS.c.topic_id == topic_id, _TABLE.c.tenant_id == tenant_id)
            .order_by(_MEMBERS.c.subscriber_id)
            .limit(limit)
        )
        if after is not None:
            query = query.where(_MEMBERS.c.subscriber_id > after)
        return [subscriber_from(row) for row in await self._tx.rows(query)]
