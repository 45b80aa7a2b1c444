"""TopicRepository and TopicReader, over every store."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from application.ports.topic_repository import TopicRepository
from application.topics.views import TopicView
from tests.contracts.samples import TENANT, Samples
from tests.contracts.stores import Store


@asynccontextmanager
async def topics(store: Store) -> AsyncIterator[TopicRepository]:
    async with store.unit_of_work() as uow:
        yield uow.topics
        await uow.commit()


async def size(store: Store, key: str) -> int:
    topic = await store.topics.get(TENANT, key)
    assert topic is not None
    return topic.subscribers


async def test_it_comes_back_as_it_was_when_added(store: Store, make: Samples) -> None:
    topic = make.topic("project:1", name=None)
    async with topics(store) as repository:
        assert await repository.add(topic)
        assert await repository.get(TENANT, "project:1") == topic
        assert await repository.get(TENANT, "project:2") is None

    assert await store.topics.get(TENANT, "project:1") == TopicView(
        key="project:1", name=None, subscribers=0, created_at=topic.created_at
    )
    assert await store.topics.get(TENANT, "project:2") is None


async def test_the_first_one_stays_when_the_key_is_taken(store: Store, make: Samples) -> None:
    first = await make.add_topic("t")
    async with topics(store) as repository:
        assert not await repository.add(make.topic("t", name="Second"))
        assert await repository.get(TENANT, "t") == first


async def test_only_its_name_changes_when_saved(store: Store, make: Samples) -> None:
    topic = await make.add_topic("t", await make.add_subscriber())
    async with topics(store) as repository:
        await repository.save(replace(make.topic("other", name="Renamed"), id=topic.id))
        await repository.save(make.topic("unknown"))

    async with topics(store) as repository:
        assert await repository.get(TENANT, "t") == replace(topic, name="Renamed")
        assert await repository.get(TENANT, "unknown") is None
    assert await size(store, "t") == 1


async def test_members_are_counted_once_when_added_again(store: Store, make: Samples) -> None:
    first, second = await make.add_subscriber("u1"), await make.add_subscriber("u2")
    topic = await make.add_topic("t")
    async with topics(store) as repository:
        assert await repository.add_members(TENANT, topic.id, [first.id]) == 1
        assert await repository.add_members(TENANT, topic.id, [first.id, second.id]) == 1
        assert await repository.add_members(TENANT, topic.id, []) == 0

    assert await size(store, "t") == 2


async def test_nobody_joins_when_topic_or_subscriber_is_unknown(store: Store, make: Samples) -> None:
    subscriber, topic = await make.add_subscriber(), await make.add_topic("t")
    async with topics(store) as repository:
        assert await repository.add_members(TENANT, make.ids.new(), [subscriber.id]) == 0
        assert await repository.add_members(TENANT, topic.id, [make.ids.new()]) == 0

    assert await size(store, "t") == 0


async def test_only_members_are_counted_when_parted(store: Store, make: Samples) -> None:
    members = [await make.add_subscriber(name) for name in ("u1", "u2", "u3")]
    await make.add_subscriber("stays-away")
    topic = await make.add_topic("t", *members)
    other = await make.add_topic("other", *members)
    async with topics(store) as repository:
        assert await repository.remove_members(TENANT, topic.id, {"u1", "u2", "stays-away", "unknown"}) == 2
        assert await repository.remove_members(TENANT, topic.id, {"u1"}) == 0
        assert await repository.remove_members(TENANT, make.ids.new(), {"u3"}) == 0

    assert await size(store, "t") == 1
    assert await size(store, other.key) == 3


async def test_subscribers_stay_when_their_topic_is_deleted(store: Store, make: Samples) -> None:
    subscriber = await make.add_subscriber()
    await make.add_topic("t", subscriber)
    async with topics(store) as repository:
        assert await repository.delete(TENANT, "t")
        assert not await repository.delete(TENANT, "t")

    assert await store.topics.get(TENANT, "t") is None
    assert await store.subscribers.get(TENANT, "u1") == subscriber
    await make.add_topic("t")
    assert await size(store, "t") == 0
