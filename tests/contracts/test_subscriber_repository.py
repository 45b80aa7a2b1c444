"""SubscriberRepository and SubscriberReader, over every store."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

from application.ports.subscriber_repository import SubscriberRepository
from domain.subscribers.subscriber import Subscriber
from tests.contracts.samples import SCOPE, TENANT, Samples
from tests.contracts.stores import Store


@asynccontextmanager
async def subscribers(store: Store) -> AsyncIterator[SubscriberRepository]:
    async with store.unit_of_work() as uow:
        yield uow.subscribers
        await uow.commit()


def full(make: Samples) -> Subscriber:
    """One with no field left to its default."""
    return make.subscriber(
        "u1",
        phone="+4915112345678",
        first_name="Ada",
        last_name="L’Ovelace 🙂",
        avatar="https://example.org/a.png",
        locale="de",
        timezone="Europe/Berlin",
        version=3,
    )


async def test_it_comes_back_as_it_was_when_stored(store: Store, make: Samples) -> None:
    subscriber = full(make)
    async with subscribers(store) as repository:
        assert await repository.ensure_many(TENANT, [subscriber]) == {"u1": subscriber}
    async with subscribers(store) as repository:
        assert await repository.get(TENANT, "u1") == subscriber
        assert await repository.get_many(TENANT, ["u1", "nobody"]) == {"u1": subscriber}
        assert await repository.get(TENANT, "nobody") is None
        assert await repository.get_many(TENANT, []) == {}

    assert await store.subscribers.get(TENANT, "u1") == subscriber
    assert await store.subscribers.get(TENANT, "nobody") is None


async def test_the_stored_one_is_returned_when_the_id_is_taken(store: Store, make: Samples) -> None:
    stored = await make.add_subscriber("u1")
    fresh = make.subscriber("u2")
    async with subscribers(store) as repository:
        found = await repository.ensure_many(TENANT, [make.subscriber("u1", email=None), fresh])
        assert await repository.ensure_many(TENANT, []) == {}

    assert found == {"u1": stored, "u2": fresh}
    assert await store.subscribers.get(TENANT, "u1") == stored


async def test_one_is_stored_when_several_bring_the_same_id_at_once(store: Store, make: Samples) -> None:
    async def ensure() -> Subscriber:
        async with subscribers(store) as repository:
            return (await repository.ensure_many(TENANT, [make.subscriber("u1")]))["u1"]

    found = await asyncio.gather(*(ensure() for _ in range(10)))

    assert len({one.id for one in found}) == 1
    assert len(await store.subscribers.page(TENANT, before=None, limit=100)) == 1


async def test_a_stream_begins_when_a_subscriber_is_made(store: Store, make: Samples) -> None:
    subscriber = await make.add_subscriber()

    head = await make.head(subscriber.id)
    assert (head.seq, head.oldest_seq, head.unread, head.unseen) == (0, 1, 0, 0)
    assert head.epoch > 0


async def test_everything_but_ids_and_creation_changes_when_saved(store: Store, make: Samples) -> None:
    before = full(make)
    await make.add_subscriber("other")
    async with subscribers(store) as repository:
        await repository.ensure_many(TENANT, [before])
        later = store.now() + timedelta(hours=1)
        changed = make.subscriber("renamed", id=before.id, email=None, data={}, channels={}, version=4)
        await repository.save(replace(changed, created_at=later, updated_at=later))

    assert await store.subscribers.get(TENANT, "u1") == replace(
        changed, subscriber_id="u1", created_at=before.created_at, updated_at=later
    )
    assert await store.subscribers.get(TENANT, "renamed") is None


async def test_nothing_is_stored_when_an_unknown_one_is_saved(store: Store, make: Samples) -> None:
    async with subscribers(store) as repository:
        await repository.save(make.subscriber("u1"))

    assert await store.subscribers.get(TENANT, "u1") is None


async def test_memberships_and_stream_go_with_it_when_deleted(store: Store, make: Samples) -> None:
    gone, kept = await make.add_subscriber("gone"), await make.add_subscriber("kept")
    await make.add_topic("t", gone, kept)
    await make.push(make.update(gone.id), make.update(kept.id))
    epoch = (await make.head(gone.id)).epoch
    async with subscribers(store) as repository:
        assert await repository.delete(TENANT, "gone") == gone
        assert await repository.delete(TENANT, "gone") is None

    assert await store.subscribers.get(TENANT, "gone") is None
    assert set(await store.streams.heads(SCOPE, [gone.id, kept.id])) == {kept.id}
    assert await store.streams.read(SCOPE, gone.id, epoch, 0, 10) == []
    topic = await store.topics.get(TENANT, "t")
    assert topic is not None
    assert topic.subscribers == 1


async def test_nothing_of_the_old_one_is_left_when_its_id_is_used_again(store: Store, make: Samples) -> None:
    gone = await make.add_subscriber("u1")
    await make.add_topic("t", gone)
    await make.push(make.update(gone.id, unread=1))
    async with subscribers(store) as repository:
        await repository.delete(TENANT, "u1")
    again = await make.add_subscriber("u1")

    assert again.id != gone.id
    assert (await make.head(again.id)).unread == 0
    topic = await store.topics.get(TENANT, "t")
    assert topic is not None
    assert topic.subscribers == 0


async def test_pages_follow_our_ids_when_turned(store: Store, make: Samples) -> None:
    stored = [await make.add_subscriber(name) for name in ("zoe", "adam", "mia")]
    async with subscribers(store) as repository:
        assert await repository.page(TENANT, None, 2) == stored[:2]
        assert await repository.page(TENANT, stored[1].id, 2) == stored[2:]
        assert await repository.page(TENANT, stored[2].id, 2) == []

    assert await store.subscribers.page(TENANT, before=None, limit=2) == [stored[2], stored[1]]
    assert await store.subscribers.page(TENANT, before=stored[1].id, limit=2) == [stored[0]]


async def test_only_members_are_listed_when_a_topic_is_paged(store: Store, make: Samples) -> None:
    stored = [await make.add_subscriber(f"u{number}") for number in range(5)]
    topic = await make.add_topic("t", *stored[:4])
    await make.add_topic("other", *stored)
    async with subscribers(store) as repository:
        assert await repository.page_of_topic(TENANT, topic.id, None, 3) == stored[:3]
        assert await repository.page_of_topic(TENANT, topic.id, stored[2].id, 3) == stored[3:4]
        assert await repository.page_of_topic(TENANT, make.ids.new(), None, 3) == []


async def test_none_but_those_asked_for_are_found_when_an_id_is_longer_than_any_stored(
    store: Store, make: Samples
) -> None:
    longest = "u" * 255
    await make.add_subscriber(longest, email=None)
    async with subscribers(store) as repository:
        assert set(await repository.get_many(TENANT, [longest, "u1"])) == {longest}
        assert await repository.get_many(TENANT, [longest + "u", "u1"]) == {}
        assert await repository.get_many(TENANT, []) == {}
