"""InboxFilter, over every store: each finds what the rule itself finds."""

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from application.inbox.views import InboxCounts
from domain.inbox.filter import InboxFilter
from domain.inbox.item import InboxItem, Mark
from domain.subscribers.subscriber import Subscriber
from tests.contracts.samples import TENANT, Samples
from tests.contracts.stores import Store

# What SQL, JSON or a search for text in JSON could take for something else.
TAGS = ("a", "b", "A", "a,b", ",", 'say "a"', "a\\", "é 🙂", "%", "a' OR 1=1 --")
VALUES: tuple[Any, ...] = (
    *("", "42", "a", 'say "a"', "é 🙂", "true", "null", "a' OR 1=1 --"),
    *(0, 1, 42, 42.5, -7, 2**53 + 1, 2**63 - 1, -(2**63), 0.1, 1e300),
    *(True, False, None),
    *([], ["a"], [42], {}, {"k": 42}),
)
KEYS = ("k", "K", 'quoted "k"', "dotted.k", "é 🙂", "$", "[0]", "", "k' --")
SCALARS = tuple(value for value in VALUES if not isinstance(value, list | dict))


@pytest.fixture
async def owner(make: Samples) -> Subscriber:
    return await make.add_subscriber("owner")


async def listed(store: Store, owner: Subscriber, wanted: InboxFilter) -> list[str]:
    items, _ = await store.inbox.page(TENANT, owner.id, wanted, before=None, limit=200)
    return sorted(item.title for item in items)


def expected(items: list[InboxItem], wanted: InboxFilter) -> list[str]:
    return sorted(item.title for item in items if wanted.matches(item))


def counts(items: list[InboxItem], wanted: InboxFilter) -> InboxCounts:
    meant = [item for item in items if wanted.matches(item)]
    return InboxCounts(
        unread=sum(item.unread for item in meant), unseen=sum(item.unseen for item in meant), total=len(meant)
    )


async def check(store: Store, owner: Subscriber, items: list[InboxItem], filters: list[InboxFilter]) -> None:
    """Lists, counts of each and counts of all at once say what the rule says."""
    for wanted in filters:
        assert await listed(store, owner, wanted) == expected(items, wanted), wanted
        by_severity = await store.inbox.counts(TENANT, owner.id, wanted)
        assert sum(count.total for count in by_severity.values()) == counts(items, wanted).total
    for start in range(0, len(filters), 20):
        some = filters[start : start + 20]
        found = await store.inbox.counts_of(TENANT, owner.id, some)
        assert list(found) == [counts(items, wanted) for wanted in some]


async def test_tags_are_found_as_a_whole_when_they_look_like_something_else(
    store: Store, make: Samples, owner: Subscriber
) -> None:
    items = [make.item(owner.id, title=f"only {tag}", tags=(tag,)) for tag in TAGS]
    items += [make.item(owner.id, title=f"{one} and {two}", tags=(one, two)) for one, two in pairwise(TAGS)]
    items.append(make.item(owner.id, title="none"))
    await make.add_items(*items)

    filters = [InboxFilter(tags=((tag,),)) for tag in TAGS]
    filters += [InboxFilter(tags=((one, two),)) for one, two in zip(TAGS, TAGS[2:], strict=False)]
    filters += [InboxFilter(tags=((one,), (two, "unknown"))) for one, two in pairwise(TAGS)]
    filters.append(InboxFilter(tags=(("unknown",),)))
    await check(store, owner, items, filters)
    assert all(expected(items, wanted) for wanted in filters[:-1])


async def test_data_is_found_by_value_and_type_when_types_look_alike(
    store: Store, make: Samples, owner: Subscriber
) -> None:
    items = [make.item(owner.id, title=repr(value), data={"k": value, "other": 1}) for value in VALUES]
    items.append(make.item(owner.id, title="missing", data={"other": 42}))
    items.append(make.item(owner.id, title="deeper", data={"d": {"k": 42}}))
    await make.add_items(*items)

    await check(store, owner, items, [InboxFilter(data={"k": value}) for value in (*SCALARS, 1.0, 42.0, 0.0)])
    assert await listed(store, owner, InboxFilter(data={"k": 1})) == ["1"]
    assert await listed(store, owner, InboxFilter(data={"k": True})) == ["True"]
    assert await listed(store, owner, InboxFilter(data={"k": None})) == ["None"]
    assert await listed(store, owner, InboxFilter(data={"k": 42, "other": 1})) == ["42"]


async def test_keys_are_taken_literally_when_they_look_like_a_path(
    store: Store, make: Samples, owner: Subscriber
) -> None:
    items = [make.item(owner.id, title=key, data={key: 1, "dotted": {"k": 1}}) for key in KEYS]
    await make.add_items(*items)

    for key in KEYS:
        assert await listed(store, owner, InboxFilter(data={key: 1})) == [key]


async def test_everything_that_is_said_has_to_fit_when_a_filter_says_several_things(
    store: Store, make: Samples, owner: Subscriber
) -> None:
    at = store.now()
    fresh = {"severity": "high", "workflow": "shipped", "tags": ("a",), "data": {"k": 1}}
    late = at + timedelta(seconds=2)
    items = [
        make.item(owner.id, title="all", **fresh),
        make.item(owner.id, title="low", **{**fresh, "severity": "low"}),
        make.item(owner.id, title="no workflow", **{**fresh, "workflow": None}),
        make.item(owner.id, title="untagged", **{**fresh, "tags": ()}),
        make.item(owner.id, title="no data", **{**fresh, "data": {}}),
        make.item(owner.id, title="late", **fresh, created_at=late),
        make.item(owner.id, title="read", **fresh, seen_at=at, read_at=at),
        make.item(owner.id, title="archived", **fresh, archived_at=at),
        make.item(owner.id, title="snoozed", **fresh, snoozed_until=late),
    ]
    await make.add_items(*items)
    wanted = InboxFilter(
        read=False,
        severities=("high", "none"),
        workflows=("shipped", "other"),
        tags=(("a", "b"),),
        data={"k": 1},
        created_after=at - timedelta(seconds=1),
        created_before=late,
    )

    assert await listed(store, owner, wanted) == ["all"]
    filters = [
        wanted,
        InboxFilter(workflows=("shipped",)),
        InboxFilter(created_after=at),
        InboxFilter(created_before=late),
        InboxFilter(archived=None, snoozed=None),
        InboxFilter(archived=True),
        InboxFilter(snoozed=True, seen=False),
    ]
    await check(store, owner, items, filters)


async def test_marks_and_counts_agree_when_they_take_the_same_filter(
    store: Store, make: Samples, owner: Subscriber
) -> None:
    items = [make.item(owner.id, title=str(number), tags=("a",) if number % 3 else ("b",)) for number in range(9)]
    await make.add_items(*items, make.item(make.ids.new(), tags=("a",)))
    wanted = InboxFilter(tags=(("a",),))
    [before] = await store.inbox.counts_of(TENANT, owner.id, [wanted])

    async with store.unit_of_work() as uow:
        done = await uow.inbox.mark_all(TENANT, owner.id, Mark.SEEN, wanted, at=store.now())
        await uow.commit()

    after = await store.inbox.counts_of(TENANT, owner.id, [wanted, InboxFilter(tags=(("b",),)), InboxFilter()])
    assert (before.unseen, done.updated, done.unseen, done.unread) == (6, 6, -6, 0)
    assert list(after) == [
        InboxCounts(unread=6, unseen=0, total=6),
        InboxCounts(unread=3, unseen=3, total=3),
        InboxCounts(unread=9, unseen=3, total=9),
    ]


async def test_nothing_is_counted_when_there_is_no_such_recipient(store: Store, make: Samples) -> None:
    found = await store.inbox.counts_of(TENANT, make.ids.new(), [InboxFilter(), InboxFilter(archived=True)])
    assert list(found) == [InboxCounts(), InboxCounts()]


async def test_twenty_filters_are_counted_when_each_says_as_much_as_it_may(
    store: Store, make: Samples, owner: Subscriber
) -> None:
    full = InboxFilter(
        tags=tuple(tuple(f"{group}-{tag}" for tag in range(20)) for group in range(20)),
        severities=("none", "low", "medium", "high"),
        workflows=tuple(f"w{number}" for number in range(20)),
        data={f"k{number}": number for number in range(20)},
    )
    await make.add_items(make.item(owner.id))
    assert list(await store.inbox.counts_of(TENANT, owner.id, [full] * 20)) == [InboxCounts()] * 20
