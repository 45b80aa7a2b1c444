"""Subscribers in memory."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from heapq import nlargest, nsmallest
from uuid import UUID

from application.ports.subscriber_repository import SubscriberRepository
from application.subscribers.ports import SubscriberReader
from domain.realtime.stream import StreamHead, first_epoch
from domain.subscribers.subscriber import Subscriber
from infrastructure.memory.database import MemoryDatabase, StreamRow
from infrastructure.memory.streams import forget_stream
from infrastructure.memory.topics import topic_of
from infrastructure.memory.transaction import Transaction
from infrastructure.memory.wire import carried


class MemorySubscriberRepository(SubscriberRepository):
    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def get(self, tenant_id: str, subscriber_id: str) -> Subscriber | None:
        return self._transaction.rows.subscribers.one("name", (tenant_id, subscriber_id))

    async def get_many(self, tenant_id: str, subscriber_ids: Collection[str]) -> Mapping[str, Subscriber]:
        found = [await self.get(tenant_id, subscriber_id) for subscriber_id in subscriber_ids]
        return {one.subscriber_id: one for one in found if one is not None}

    async def ensure_many(self, tenant_id: str, subscribers: Sequence[Subscriber]) -> Mapping[str, Subscriber]:
        rows = self._transaction.rows
        # Seconds of its birth: a stream that is made anew under an old id has another history.
        seconds = int(self._transaction.now().timestamp())
        ours = [one for one in subscribers if one.tenant_id == tenant_id]
        for one in ours:
            if await self.get(tenant_id, one.subscriber_id) is None:
                rows.subscribers.put(_stored(one))
                head = StreamHead(
                    stream_id=one.id, epoch=first_epoch(one.id, seconds), seq=0, unread=0, unseen=0, oldest_seq=1
                )
                rows.streams.put(StreamRow(tenant_id=tenant_id, head=head))
        return await self.get_many(tenant_id, [one.subscriber_id for one in ours])

    async def save(self, subscriber: Subscriber) -> None:
        table = self._transaction.rows.subscribers
        before = table.get(subscriber.id)
        if before is not None and before.tenant_id == subscriber.tenant_id:
            table.put(replace(_stored(subscriber), subscriber_id=before.subscriber_id, created_at=before.created_at))

    async def delete(self, tenant_id: str, subscriber_id: str) -> Subscriber | None:
        rows, gone = self._transaction.rows, await self.get(tenant_id, subscriber_id)
        if gone is not None:
            rows.subscribers.remove(gone.id)
            for membership in rows.memberships.where("subscriber", gone.id):
                rows.memberships.remove(membership)
            forget_stream(rows, gone.id)
        return gone

    async def page(self, tenant_id: str, after: UUID | None, limit: int) -> list[Subscriber]:
        return _following(self._transaction.rows.subscribers.where("tenant", tenant_id), after, limit)

    async def page_of_topic(self, tenant_id: str, topic_id: UUID, after: UUID | None, limit: int) -> list[Subscriber]:
        rows = self._transaction.rows
        if topic_of(rows, tenant_id, topic_id) is None:
            return []
        members = (rows.subscribers.get(member_id) for _, member_id in rows.memberships.where("topic", topic_id))
        return _following((member for member in members if member is not None), after, limit)


class MemorySubscriberReader(SubscriberReader):
    def __init__(self, *, database: MemoryDatabase) -> None:
        self._subscribers = database.subscribers.committed

    async def get(self, tenant_id: str, subscriber_id: str) -> Subscriber | None:
        return next(iter(self._subscribers.where("name", (tenant_id, subscriber_id))), None)

    async def get_many(self, tenant_id: str, subscriber_ids: Collection[str]) -> Mapping[str, Subscriber]:
        found = [await self.get(tenant_id, subscriber_id) for subscriber_id in subscriber_ids]
        return {one.subscriber_id: one for one in found if one is not None}

    async def page(self, tenant_id: str, *, before: UUID | None, limit: int) -> list[Subscriber]:
        found = (one for one in self._subscribers.where("tenant", tenant_id) if before is None or one.id < before)
        return nlargest(limit, found, key=lambda one: one.id)


def _stored(subscriber: Subscriber) -> Subscriber:
    return replace(subscriber, data=carried(subscriber.data), channels=carried(subscriber.channels))


def _following(subscribers: Iterable[Subscriber], after: UUID | None, limit: int) -> list[Subscriber]:
    found = (one for one in subscribers if after is None or one.id > after)
    return nsmallest(limit, found, key=lambda one: one.id)
