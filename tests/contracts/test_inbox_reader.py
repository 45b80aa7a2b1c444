"""InboxReader, over every store."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import product
from uuid import UUID

import pytest

from application.inbox.ports import InboxReader
from application.inbox.views import InboxCounts
from domain.inbox.filter import InboxFilter
from domain.inbox.item import InboxItem, Mark, counter_change
from domain.realtime.stream import StreamUpdate, UpdateKind
from domain.subscribers.subscriber import Subscriber
from tests.contracts.samples import TENANT, Samples
from tests.contracts.stores import Store

EVERYTHING = InboxFilter(archived=None, snoozed=None)


@pytest.fixture
async def owner(make: Samples) -> Subscriber:
    return await make.add_subscriber("owner")


async def titles(reader: InboxReader, owner: Subscriber, wanted: InboxFilter = EVERYTHING) -> list[str]:
    items, _ = await reader.page(TENANT, owner.id, wanted, before=None, limit=50)
    return [item.title for item in items]


async def test_pages_are_complete_and_newest_first_when_turned(store: Store, make: Samples, owner: Subscriber) -> None:
    at = store.now()
    surfaced = [at, at + timedelta(seconds=2), at + timedelta(seconds=2), at + timedelta(seconds=1)]
    stored = [make.item(owner.id, surfaced_at=moment) for moment in surfaced]
    await make.add_items(*stored)
    newest_first = [stored[2], stored[1], stored[3], stored[0]]

    turned: list[InboxItem] = []
    before = None
    for size in (1, 1, 2):
        items, _ = await store.inbox.page(TENANT, owner.id, InboxFilter(), before=before, limit=size)
        turned += items
        before = items[-1].surfaced_at, items[-1].id

    assert turned == newest_first
    assert await store.inbox.page(TENANT, owner.id, InboxFilter(), before=before, limit=1) == (
        [],
        await head(make, owner),
    )


async def head(make: Samples, owner: Subscriber) -> object:
    return await make.head(owner.id)


async def test_the_head_is_that_of_the_items_when_read_together(store: Store, make: Samples, owner: Subscriber) -> None:
    _, empty = await store.inbox.page(TENANT, owner.id, InboxFilter(), before=None, limit=1)
    await make.add_items(make.item(owner.id))
    async with store.unit_of_work() as uow:
        uow.streams.push(make.update(owner.id))
        await uow.inbox.forget(TENANT, owner.id, 1)
        items, during = await store.inbox.page(TENANT, owner.id, InboxFilter(), before=None, limit=1)
        await uow.commit()

    assert empty is not None
    assert during is not None
    assert (empty.seq, during.seq, len(items)) == (0, 1, 1)
    assert (during.unread, during.unseen) == (1, 1)


async def test_there_is_no_head_when_there_is_no_such_recipient(store: Store, make: Samples) -> None:
    assert await store.inbox.page(TENANT, make.ids.new(), InboxFilter(), before=None, limit=1) == ([], None)
    assert not await store.inbox.counts(TENANT, make.ids.new())


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (InboxFilter(), ["tagged", "read", "seen", "fresh"]),
        (EVERYTHING, ["tagged", "both", "snoozed", "archived", "read", "seen", "fresh"]),
        (InboxFilter(read=False), ["tagged", "seen", "fresh"]),
        (InboxFilter(read=True), ["read"]),
        (InboxFilter(seen=False), ["tagged", "fresh"]),
        (InboxFilter(seen=True), ["read", "seen"]),
        (InboxFilter(archived=True), ["archived"]),
        (InboxFilter(archived=None), ["tagged", "archived", "read", "seen", "fresh"]),
        (InboxFilter(snoozed=True), ["snoozed"]),
        (InboxFilter(archived=True, snoozed=True), ["both"]),
        (InboxFilter(tags=(("x", "unknown"),)), ["tagged"]),
        (InboxFilter(severities=("high", "low")), ["tagged", "seen"]),
        (InboxFilter(severities=("high", "low"), seen=False), ["tagged"]),
        (InboxFilter(tags=(("unknown",),)), []),
    ],
)
async def test_only_what_matches_is_listed_when_filtered(
    store: Store, make: Samples, owner: Subscriber, wanted: InboxFilter, expected: Sequence[str]
) -> None:
    at = store.now()
    await make.add_items(
        make.item(owner.id, title="fresh"),
        make.item(owner.id, title="seen", seen_at=at, severity="low"),
        make.item(owner.id, title="read", seen_at=at, read_at=at),
        make.item(owner.id, title="archived", seen_at=at, read_at=at, archived_at=at),
        make.item(owner.id, title="snoozed", snoozed_until=at + timedelta(hours=1)),
        make.item(owner.id, title="both", archived_at=at, snoozed_until=at + timedelta(hours=1)),
        make.item(owner.id, title="tagged", tags=("w", "x"), severity="high"),
        make.item(make.ids.new(), title="another recipient's"),
    )

    assert await titles(store.inbox, owner, wanted) == expected


async def test_a_page_is_full_when_few_of_many_items_match(store: Store, make: Samples, owner: Subscriber) -> None:
    await make.add_items(
        *(make.item(owner.id, title=str(number), tags=("x",) if number % 10 == 0 else ()) for number in range(60))
    )
    wanted = InboxFilter(tags=(("x",),))

    items, _ = await store.inbox.page(TENANT, owner.id, wanted, before=None, limit=3)
    assert [item.title for item in items] == ["50", "40", "30"]
    place = items[-1].surfaced_at, items[-1].id
    items, _ = await store.inbox.page(TENANT, owner.id, wanted, before=place, limit=5)
    assert [item.title for item in items] == ["20", "10", "0"]


async def test_what_is_archived_or_snoozed_does_not_count_when_counted(
    store: Store, make: Samples, owner: Subscriber
) -> None:
    at = store.now()
    await make.add_items(
        make.item(owner.id),
        make.item(owner.id, seen_at=at),
        make.item(owner.id, seen_at=at, read_at=at),
        make.item(owner.id, severity="high"),
        make.item(owner.id, severity="high", archived_at=at),
        make.item(owner.id, severity="low", snoozed_until=at + timedelta(hours=1)),
        make.item(make.ids.new(), severity="medium"),
    )

    counts = await store.inbox.counts(TENANT, owner.id)
    assert {severity: found for severity, found in counts.items() if found != InboxCounts()} == {
        "none": InboxCounts(unread=2, unseen=1, total=3),
        "high": InboxCounts(unread=1, unseen=1, total=1),
    }


async def change(store: Store, before: InboxItem, after: InboxItem) -> None:
    """Save a changed item with its update, as the product does."""
    unread, unseen = counter_change(before, after)
    async with store.unit_of_work() as uow:
        await uow.inbox.save(after)
        uow.streams.push(
            StreamUpdate(
                stream_id=after.recipient_id,
                tenant_id=TENANT,
                kind=UpdateKind.UPDATED,
                data={"id": after.id},
                unread=unread,
                unseen=unseen,
            )
        )
        await uow.commit()


async def recounted(store: Store, owner: UUID) -> tuple[int, int]:
    counts = (await store.inbox.counts(TENANT, owner)).values()
    return sum(one.unread for one in counts), sum(one.unseen for one in counts)


async def counted(make: Samples, owner: UUID) -> tuple[int, int]:
    head = await make.head(owner)
    return head.unread, head.unseen


async def test_counters_equal_a_recount_when_items_were_marked_in_any_order(
    store: Store, make: Samples, owner: Subscriber
) -> None:
    now = store.now()
    items = [make.item(owner.id, severity="high" if number % 3 else "none") for number in range(49)]
    await make.add_items(*items)
    for item, (first, second) in zip(items, product([*Mark, None], repeat=2), strict=True):
        after = item
        for mark in (first, second):
            before = after
            after = before.marked(mark, now) if mark else before.snoozed(now + timedelta(hours=1), now)
            await change(store, before, after)
        assert await counted(make, owner.id) == await recounted(store, owner.id)

    for mark, tags in ((Mark.SEEN, ()), (Mark.READ, (("none",),)), (Mark.UNREAD, ()), (Mark.ARCHIVE, ())):
        async with store.unit_of_work() as uow:
            done = await uow.inbox.mark_all(
                TENANT, owner.id, mark, InboxFilter(tags=tags, severities=("high",)), at=now
            )
            uow.streams.push(make.update(owner.id, unread=done.unread, unseen=done.unseen))
            await uow.commit()
        assert await counted(make, owner.id) == await recounted(store, owner.id)
    assert (await counted(make, owner.id))[0] > 0


async def test_a_replaced_item_is_on_top_when_its_sequence_is_used_again(
    store: Store, make: Samples, owner: Subscriber
) -> None:
    first = make.item(owner.id, title="first", sequence_id="s")
    await make.add_items(first, make.item(owner.id, title="second"))
    later = store.now() + timedelta(seconds=1)
    replaced = replace(
        make.item(owner.id, title="first, again", sequence_id="s", surfaced_at=later, updated_at=later), id=first.id
    )
    await change(store, first, replaced)

    items, _ = await store.inbox.page(TENANT, owner.id, InboxFilter(), before=None, limit=10)
    assert [item.title for item in items] == ["first, again", "second"]
    assert (items[0].id, items[0].notification_id) == (first.id, replaced.notification_id)
