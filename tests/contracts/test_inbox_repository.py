"""InboxRepository, over every store."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from application.ports.inbox_repository import BulkMark, InboxRepository
from domain.inbox.filter import InboxFilter
from domain.inbox.item import InboxItem, Mark
from tests.contracts.samples import TENANT, Samples
from tests.contracts.stores import Store


@asynccontextmanager
async def inbox(store: Store) -> AsyncIterator[InboxRepository]:
    async with store.unit_of_work() as uow:
        yield uow.inbox
        await uow.commit()


@pytest.fixture
def owner(make: Samples) -> UUID:
    return make.ids.new()


def full(make: Samples, owner: UUID) -> InboxItem:
    """One with no field left to its default."""
    now = make.store.now()
    return make.item(
        owner,
        sequence_id="order",
        workflow="order-shipped",
        body="B 🙂",
        data={"nested": {"list": [1, None, "é"]}},
        actions=({"id": "a", "label": "A", "url": "https://example.org", "state": "open"}, {"id": "b"}),
        avatar="https://example.org/a.png",
        redirect="/orders",
        severity="high",
        tags=("orders", "é"),
        actor="u9",
        seen_at=now,
        read_at=now + timedelta(milliseconds=1),
        archived_at=now + timedelta(milliseconds=2),
        snoozed_until=now + timedelta(hours=1),
        surfaced_at=now + timedelta(milliseconds=3),
        updated_at=now + timedelta(milliseconds=4),
    )


async def test_it_comes_back_as_it_was_when_added(store: Store, make: Samples, owner: UUID) -> None:
    item = full(make, owner)
    async with inbox(store) as repository:
        await repository.add_many([item, make.item(owner)])
        await repository.add_many([])
    async with inbox(store) as repository:
        assert await repository.get(TENANT, owner, item.id) == item
        assert await repository.get(TENANT, make.ids.new(), item.id) is None
        assert await repository.get(TENANT, owner, make.ids.new()) is None


async def test_everything_but_ids_and_creation_changes_when_saved(store: Store, make: Samples, owner: UUID) -> None:
    before = make.item(owner)
    later = store.now() + timedelta(hours=1)
    changed = replace(full(make, owner), id=before.id, created_at=later)
    async with inbox(store) as repository:
        await repository.add_many([before])
        await repository.save(changed)
        await repository.save(make.item(owner, title="never added"))

    async with inbox(store) as repository:
        assert await repository.get(TENANT, owner, before.id) == replace(changed, created_at=before.created_at)
        assert await repository.forget(TENANT, owner, 10) == 1


async def test_nothing_is_saved_when_the_item_is_another_recipients(store: Store, make: Samples, owner: UUID) -> None:
    item = make.item(owner)
    async with inbox(store) as repository:
        await repository.add_many([item])
        await repository.save(replace(item, recipient_id=make.ids.new(), title="stolen"))

    async with inbox(store) as repository:
        assert await repository.get(TENANT, owner, item.id) == item


async def test_the_items_to_replace_are_found_when_the_sequence_is_used_again(
    store: Store, make: Samples, owner: UUID
) -> None:
    other = make.ids.new()
    mine, theirs = make.item(owner, sequence_id="s"), make.item(other, sequence_id="s")
    async with inbox(store) as repository:
        await repository.add_many([mine, theirs, make.item(owner, sequence_id="x"), make.item(owner)])
    async with inbox(store) as repository:
        assert await repository.by_sequence(TENANT, [owner, other, make.ids.new()], "s") == {owner: mine, other: theirs}
        assert await repository.by_sequence(TENANT, [owner], "s") == {owner: mine}
        assert await repository.by_sequence(TENANT, [owner], "unknown") == {}
        assert await repository.by_sequence(TENANT, [], "s") == {}


async def mark_all(store: Store, owner: UUID, mark: Mark, wanted: InboxFilter | None = None) -> BulkMark:
    async with inbox(store) as repository:
        return await repository.mark_all(TENANT, owner, mark, wanted or InboxFilter(), at=store.now())


async def test_everything_listed_is_marked_when_all_are(store: Store, make: Samples, owner: UUID) -> None:
    at = store.now() - timedelta(hours=1)
    fresh, seen, read = make.item(owner), make.item(owner, seen_at=at), make.item(owner, seen_at=at, read_at=at)
    archived, snoozed = make.item(owner, archived_at=at), make.item(owner, snoozed_until=at + timedelta(days=1))
    others = make.item(make.ids.new())
    await make.add_items(fresh, seen, read, archived, snoozed, others)

    assert await mark_all(store, owner, Mark.SEEN) == BulkMark(updated=1, unread=0, unseen=-1)
    assert await mark_all(store, owner, Mark.READ) == BulkMark(updated=2, unread=-2, unseen=0)
    assert await mark_all(store, owner, Mark.READ) == BulkMark(updated=0, unread=0, unseen=0)
    assert await mark_all(store, owner, Mark.ARCHIVE) == BulkMark(updated=3, unread=0, unseen=0)

    async with inbox(store) as repository:
        assert await repository.get(TENANT, owner, archived.id) == archived
        assert await repository.get(TENANT, owner, snoozed.id) == snoozed
        assert await repository.get(TENANT, others.recipient_id, others.id) == others
        marked = await repository.get(TENANT, owner, read.id)
    assert marked is not None
    assert (marked.seen_at, marked.read_at) == (at, at)
    assert marked.archived_at == marked.updated_at
    assert marked.updated_at > at


async def test_archived_and_snoozed_items_are_marked_when_they_are_asked_for(
    store: Store, make: Samples, owner: UUID
) -> None:
    at = store.now()
    fresh = make.item(owner, title="fresh")
    archived = make.item(owner, title="archived", archived_at=at)
    snoozed = make.item(owner, title="snoozed", snoozed_until=at + timedelta(hours=1))
    await make.add_items(fresh, archived, snoozed)

    back = InboxFilter(archived=True)
    assert await mark_all(store, owner, Mark.UNARCHIVE, back) == BulkMark(updated=1, unread=1, unseen=1)
    assert await mark_all(store, owner, Mark.UNREAD) == BulkMark(updated=0, unread=0, unseen=0)
    assert await mark_all(store, owner, Mark.READ) == BulkMark(updated=2, unread=-2, unseen=-2)
    assert await mark_all(store, owner, Mark.UNREAD) == BulkMark(updated=2, unread=2, unseen=0)
    either = InboxFilter(archived=None, snoozed=None)
    assert await mark_all(store, owner, Mark.ARCHIVE, either) == BulkMark(updated=3, unread=-2, unseen=0)

    async with inbox(store) as repository:
        asleep = await repository.get(TENANT, owner, snoozed.id)
    assert asleep is not None
    assert (asleep.snoozed_until, asleep.archived_at is None) == (None, False)


async def test_only_what_matches_is_marked_when_filtered(store: Store, make: Samples, owner: UUID) -> None:
    items = [
        make.item(owner, title="a", tags=("x",), severity="high"),
        make.item(owner, title="b", tags=("x", "y")),
        make.item(owner, title="c", tags=("x", "y"), data={"order": "42"}),
    ]
    await make.add_items(*items)
    wanted = InboxFilter(tags=(("x",), ("y", "z")), data={"order": 42})

    assert await mark_all(store, owner, Mark.ARCHIVE, wanted) == BulkMark(updated=1, unread=-1, unseen=-1)
    async with inbox(store) as repository:
        now = [await repository.get(TENANT, owner, item.id) for item in items]
    assert [item.title for item in now if item and item.archived_at] == ["b"]


async def test_all_are_marked_when_there_are_more_than_a_page(store: Store, make: Samples, owner: UUID) -> None:
    async with inbox(store) as repository:
        await repository.add_many([make.item(owner, tags=("odd",) if number % 2 else ()) for number in range(601)])

    odd = InboxFilter(tags=(("odd",),))
    assert await mark_all(store, owner, Mark.READ, odd) == BulkMark(updated=300, unread=-300, unseen=-300)
    assert await mark_all(store, owner, Mark.READ) == BulkMark(updated=301, unread=-301, unseen=-301)


async def test_an_item_is_gone_when_it_is_removed(store: Store, make: Samples, owner: UUID) -> None:
    gone, kept, others = make.item(owner, sequence_id="s"), make.item(owner), make.item(make.ids.new())
    await make.add_items(gone, kept, others)

    async with inbox(store) as repository:
        await repository.remove(TENANT, owner, gone.id)
        await repository.remove(TENANT, owner, others.id)
        await repository.remove(TENANT, owner, make.ids.new())
    async with inbox(store) as repository:
        assert await repository.get(TENANT, owner, gone.id) is None
        assert await repository.get(TENANT, owner, kept.id) == kept
        assert await repository.get(TENANT, others.recipient_id, others.id) == others
        # The sequence is free again.
        await repository.add_many([make.item(owner, sequence_id="s")])


async def test_no_more_than_the_limit_go_when_an_inbox_is_forgotten(store: Store, make: Samples, owner: UUID) -> None:
    kept = make.item(make.ids.new())
    await make.add_items(kept, *(make.item(owner) for _ in range(5)))

    async with inbox(store) as repository:
        assert [await repository.forget(TENANT, owner, 2) for _ in range(4)] == [2, 2, 1, 0]
        assert await repository.get(TENANT, kept.recipient_id, kept.id) == kept
