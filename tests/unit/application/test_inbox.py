"""What a subscriber does with its items."""

import json
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from application.inbox.mark_inbox import MarkInboxCommand
from container import Container
from domain.inbox.filter import InboxFilter
from domain.inbox.item import ActionState, InboxActionNotFound, InboxItem, InboxItemNotFound, Mark
from domain.notifications.content import Action, Content, Recipient, Severity
from domain.realtime.stream import StreamHead
from domain.shared.errors import InvalidInput
from infrastructure.memory.fixed_clock import FixedClock
from tests.unit.application.asking import (
    as_subscriber,
    counters,
    deliveries,
    inbox,
    make_topic,
    names,
    request,
    send,
    subscriber,
    topic,
    under_key,
)
from tests.unit.application.conftest import NOON
from tests.unit.application.due_jobs import run_due_jobs

ANN = as_subscriber("ann")
SHOWN = InboxFilter()
HOUR = 3_600
STAMP = "2030-01-01T12:00:00.000Z"


async def received(container: Container, title: str = "Hello", **fields: Any) -> InboxItem:
    """The item of a new notification to Ann."""
    await send(container, request("ann", **{"content": Content(title=title), **fields}))
    return max(await inbox(container, "ann"), key=lambda item: item.id)


async def mark(container: Container, item_id: UUID, mark: Mark) -> InboxItem:
    return (await container.mark_item()(ANN, item_id, mark)).view


@pytest.mark.parametrize(
    ("marks", "flags", "counted"),
    [
        ([], "", (1, 1)),
        ([Mark.SEEN], "seen", (1, 0)),
        ([Mark.READ], "seen read", (0, 0)),
        ([Mark.READ, Mark.READ], "seen read", (0, 0)),
        ([Mark.READ, Mark.UNREAD], "seen", (1, 0)),
        ([Mark.UNREAD], "", (1, 1)),
        ([Mark.ARCHIVE], "seen read archived", (0, 0)),
        ([Mark.ARCHIVE, Mark.UNARCHIVE], "seen read", (0, 0)),
        ([Mark.ARCHIVE, Mark.UNREAD], "seen archived", (0, 0)),
        ([Mark.ARCHIVE, Mark.UNREAD, Mark.UNARCHIVE], "seen", (1, 0)),
        ([Mark.UNARCHIVE, Mark.UNSNOOZE], "", (1, 1)),
    ],
)
async def test_flags_and_counters_agree_when_an_item_is_marked(
    container: Container, marks: list[Mark], flags: str, counted: tuple[int, int]
) -> None:
    item = await received(container)
    for one in marks:
        await mark(container, item.id, one)
    [stored] = await inbox(container, "ann")
    at = {"seen": stored.seen_at, "read": stored.read_at, "archived": stored.archived_at}
    assert [flag for flag, moment in at.items() if moment] == flags.split()
    assert await counters(container, "ann") == counted


async def test_times_of_the_first_mark_stay_when_it_is_marked_again(container: Container, clock: FixedClock) -> None:
    item = await received(container)
    first = await mark(container, item.id, Mark.READ)
    clock.advance(HOUR)
    assert await mark(container, item.id, Mark.READ) == first


async def snooze(container: Container, item_id: UUID, clock: FixedClock, seconds: float) -> InboxItem:
    return (await container.snooze_item()(ANN, item_id, clock.now() + timedelta(seconds=seconds))).view


async def titles(container: Container) -> list[str]:
    """What Ann sees, newest first."""
    return [item.title for item in await inbox(container, "ann", SHOWN)]


async def test_item_is_hidden_and_comes_back_on_top_when_it_was_snoozed(
    container: Container, clock: FixedClock
) -> None:
    old = await received(container, "old")
    clock.advance(60)
    await received(container, "new")
    await snooze(container, old.id, clock, HOUR)
    assert (await titles(container), await counters(container, "ann")) == (["new"], (1, 1))

    clock.advance(HOUR - 1)
    assert await run_due_jobs(container) == []
    clock.advance(1)
    await run_due_jobs(container)
    assert (await titles(container), await counters(container, "ann")) == (["old", "new"], (2, 2))


async def test_item_stays_hidden_when_it_was_snoozed_anew(container: Container, clock: FixedClock) -> None:
    item = await received(container)
    await snooze(container, item.id, clock, HOUR)
    clock.advance(60)
    await snooze(container, item.id, clock, 2 * HOUR)
    clock.advance(HOUR)
    assert await run_due_jobs(container) == ["complete"]
    assert (await titles(container), await counters(container, "ann")) == ([], (0, 0))

    clock.advance(HOUR)
    await run_due_jobs(container)
    assert (await titles(container), await counters(container, "ann")) == (["Hello"], (1, 1))


@pytest.mark.parametrize(("then", "shown"), [(Mark.UNSNOOZE, ["new", "old"]), (Mark.ARCHIVE, ["new"])])
async def test_job_leaves_an_item_alone_when_it_is_not_snoozed_any_more(
    container: Container, clock: FixedClock, then: Mark, shown: list[str]
) -> None:
    old = await received(container, "old")
    clock.advance(60)
    await received(container, "new")
    await snooze(container, old.id, clock, HOUR)
    await mark(container, old.id, then)
    clock.advance(HOUR)
    await run_due_jobs(container)
    assert await titles(container) == shown
    assert await counters(container, "ann") == (len(shown), len(shown))


async def test_read_item_stays_read_when_it_comes_back(container: Container, clock: FixedClock) -> None:
    item = await received(container)
    await mark(container, item.id, Mark.READ)
    await snooze(container, item.id, clock, HOUR)
    clock.advance(HOUR)
    await run_due_jobs(container)
    assert (await titles(container), await counters(container, "ann")) == (["Hello"], (0, 0))


async def test_snooze_is_refused_when_its_end_has_passed(container: Container, clock: FixedClock) -> None:
    item = await received(container)
    with pytest.raises(InvalidInput):
        await snooze(container, item.id, clock, 0)
    assert await titles(container) == ["Hello"]


async def mark_all(container: Container, mark: Mark, **wanted: Any) -> int:  # Any: fields of a filter
    command = MarkInboxCommand(principal=ANN, mark=mark, wanted=InboxFilter(**wanted))
    return (await container.mark_inbox()(command)).view.updated


async def updates(container: Container) -> list[dict[str, Any]]:
    """What Ann's stream was told so far."""
    recipient_id, scope = (await subscriber(container, "ann")).id, container.scope()
    head: StreamHead = (await container.stream_reader().heads(scope, [recipient_id]))[recipient_id]
    logged = await container.stream_reader().read(scope, recipient_id, head.epoch, 0, 100)
    return [json.loads(one.data) for one in logged]


@pytest.mark.parametrize(
    ("wanted", "left"),
    [
        ({}, []),
        ({"tags": (("orders",),)}, ["news", "plain"]),
        ({"tags": (("orders", "news"),)}, ["plain"]),
        ({"tags": (("news",), ("weekly", "daily"))}, ["order", "plain", "urgent"]),
        ({"severities": ("high",)}, ["order", "plain"]),
        ({"tags": (("orders", "news"),), "severities": ("none",)}, ["news", "plain", "urgent"]),
        ({"tags": (("nothing",),)}, ["news", "order", "plain", "urgent"]),
    ],
)
@pytest.mark.parametrize("which", [Mark.SEEN, Mark.READ, Mark.ARCHIVE])
async def test_only_what_matches_is_marked_when_a_bulk_mark_has_filters(
    container: Container, which: Mark, wanted: dict[str, Any], left: list[str]
) -> None:
    await received(container, "plain")
    await received(container, "order", tags=("orders",))
    await received(container, "urgent", tags=("orders",), severity=Severity.HIGH)
    await received(container, "news", tags=("news", "weekly"), severity=Severity.HIGH)

    assert await mark_all(container, which, **wanted) == 4 - len(left)
    assert sorted(item.title for item in await inbox(container, "ann") if item.unseen) == left
    unread = 4 if which is Mark.SEEN else len(left)
    assert await counters(container, "ann") == (unread, len(left))


async def test_items_come_back_unread_when_all_are_unarchived_and_unread(container: Container) -> None:
    await received(container, "one", tags=("a",))
    await received(container, "two")
    assert await mark_all(container, Mark.ARCHIVE) == 2
    assert (await mark_all(container, Mark.UNARCHIVE), await counters(container, "ann")) == (0, (0, 0))
    assert await mark_all(container, Mark.UNARCHIVE, archived=True, tags=(("a",),)) == 1
    assert (await titles(container), await counters(container, "ann")) == (["one"], (0, 0))
    assert (await mark_all(container, Mark.UNREAD), await mark_all(container, Mark.UNREAD)) == (1, 0)
    assert await counters(container, "ann") == (1, 0)


@pytest.mark.parametrize(
    ("which", "wanted", "told"),
    [
        (Mark.SEEN, {}, {"filter": {}, "seen": True, "seenAt": STAMP}),
        (Mark.READ, {"tags": (("a",),)}, {"filter": {"tags": ["a"]}, "seen": True, "read": True, "readAt": STAMP}),
        (
            Mark.READ,
            {"tags": (("a",), ("b", "c")), "read": False, "data": {"k": 1}, "severities": ("none",)},
            {
                "filter": {"tags": [["a"], ["b", "c"]], "read": False, "data": {"k": 1}, "severity": ["none"]},
                "seen": True,
                "read": True,
                "readAt": STAMP,
            },
        ),
        (
            Mark.ARCHIVE,
            {"snoozed": None, "created_before": NOON + timedelta(hours=1)},
            {
                "filter": {"snoozed": None, "createdBefore": "2030-01-01T13:00:00.000Z"},
                "seen": True,
                "read": True,
                "archived": True,
                "archivedAt": STAMP,
                "snoozedUntil": None,
            },
        ),
    ],
)
async def test_stream_is_told_filter_and_changes_when_all_are_marked(
    container: Container, which: Mark, wanted: dict[str, Any], told: dict[str, Any]
) -> None:
    await received(container, tags=("a", "b"), content=Content(title="Hello", data={"k": 1}))
    assert await mark_all(container, which, **wanted) == 1
    assert (await updates(container))[1:] == [told]
    assert await mark_all(container, which, **wanted) == 0
    assert len(await updates(container)) == 2


@pytest.mark.parametrize(
    ("which", "told"),
    [
        (Mark.UNREAD, {"filter": {"archived": True}, "read": False, "readAt": None}),
        (Mark.UNARCHIVE, {"filter": {"archived": True}, "archived": False, "archivedAt": None}),
    ],
)
async def test_stream_is_told_what_goes_back_when_archived_items_are_marked(
    container: Container, which: Mark, told: dict[str, Any]
) -> None:
    item = await received(container)
    await mark(container, item.id, Mark.ARCHIVE)
    assert await mark_all(container, which, archived=True) == 1
    assert (await updates(container))[-1] == told


async def complete(container: Container, item_id: UUID, action_id: str, state: ActionState) -> InboxItem:
    return (await container.mark_action()(ANN, item_id, action_id, state)).view


async def test_action_is_completed_once_and_opened_again_when_asked(container: Container, clock: FixedClock) -> None:
    actions = (Action(id="track", label="Track", url="https://example.org"), Action(id="rate", label="Rate"))
    item = await received(container, content=Content(title="Hello", actions=actions))
    track, rate = item.actions

    done = await complete(container, item.id, "rate", ActionState.COMPLETED)
    clock.advance(60)
    assert await complete(container, item.id, "rate", ActionState.COMPLETED) == done
    completed = {**rate, "state": "completed", "completedAt": STAMP}
    assert (list(done.actions), done.unread) == ([track, completed], True)
    assert await inbox(container, "ann") == [done]

    back = await complete(container, item.id, "rate", ActionState.OPEN)
    assert back.actions == item.actions
    assert [one["actions"] for one in (await updates(container))[1:]] == [[track, completed], [track, rate]]
    assert [set(one) for one in (await updates(container))[1:]] == [{"id", "actions"}] * 2
    assert await counters(container, "ann") == (1, 1)


async def test_nothing_is_completed_when_there_is_no_such_action(container: Container) -> None:
    item = await received(container, content=Content(title="Hello", actions=(Action(id="a", label="A"),)))
    with pytest.raises(InboxActionNotFound):
        await complete(container, item.id, "b", ActionState.COMPLETED)
    assert await inbox(container, "ann") == [item]


async def test_item_is_gone_and_its_delivery_stays_when_it_is_deleted(container: Container, clock: FixedClock) -> None:
    gone, kept = await received(container, "gone"), await received(container, "kept")
    await snooze(container, gone.id, clock, HOUR)
    await container.mark_item()(ANN, gone.id, Mark.UNSNOOZE)
    assert await counters(container, "ann") == (2, 2)

    await container.delete_item()(ANN, gone.id)
    assert (await inbox(container, "ann"), await counters(container, "ann")) == ([kept], (1, 1))
    assert (await updates(container))[-1] == {"id": str(gone.id), "deleted": True}
    [delivery] = await deliveries(container, gone.notification_id)
    assert delivery.status == "sent"

    with pytest.raises(InboxItemNotFound):
        await container.delete_item()(ANN, gone.id)
    clock.advance(HOUR)
    await run_due_jobs(container)
    assert await inbox(container, "ann") == [kept]


async def test_a_new_item_arrives_when_the_deleted_ones_sequence_is_used_again(container: Container) -> None:
    first = await received(container, sequence_id="train-7")
    await container.delete_item()(ANN, first.id)
    second = await received(container, sequence_id="train-7")
    assert second.id != first.id
    assert await counters(container, "ann") == (1, 1)


async def test_counters_stay_when_a_read_or_archived_item_is_deleted(container: Container) -> None:
    for which in (Mark.READ, Mark.ARCHIVE):
        item = await received(container)
        await mark(container, item.id, which)
        await container.delete_item()(ANN, item.id)
        assert await counters(container, "ann") == (0, 0)


async def test_filters_are_counted_in_their_order_when_several_are_asked(container: Container) -> None:
    await received(container, "a", tags=("a",))
    read = await received(container, "ab", tags=("a", "b"), severity=Severity.HIGH)
    await mark(container, read.id, Mark.READ)
    filters = [InboxFilter(tags=(("a",), ("b",))), InboxFilter(), InboxFilter(archived=True), InboxFilter(read=False)]

    counted = await container.count_inbox_filters()(ANN, filters)
    assert [view.filter for view in counted] == filters
    assert [(view.count.unread, view.count.unseen, view.count.total) for view in counted] == [
        (0, 0, 1),
        (1, 1, 2),
        (0, 0, 0),
        (1, 1, 1),
    ]
    high = await container.count_inbox()(ANN, wanted=InboxFilter(severities=("high",)))
    assert (high.overall.total, high.by_severity["high"].total, high.by_severity["none"].total) == (1, 1, 0)


async def arrived(container: Container, **fields: Any) -> str | None:
    """The picture of Ann's newest item."""
    return (await received(container, **fields)).avatar


async def test_item_shows_its_own_picture_or_the_actors_when_there_is_one(container: Container) -> None:
    portrait = Recipient(subscriber_id="bob", contact={"avatar": "https://example.org/bob.png"})
    await send(container, request(portrait, "eve"))
    own = Content(title="Hello", avatar="https://example.org/own.png", redirect="/orders/42")

    assert await arrived(container, actor="bob") == "https://example.org/bob.png"
    assert await arrived(container, actor="bob", content=own) == "https://example.org/own.png"
    assert await arrived(container, actor="eve") is None
    assert await arrived(container, actor="nobody") is None
    assert await arrived(container) is None
    assert [item.redirect for item in await inbox(container, "ann")][:5].count("/orders/42") == 1


async def test_items_of_a_topic_show_the_actors_picture_when_a_job_writes_them(container: Container) -> None:
    await send(container, request(Recipient(subscriber_id="bob", contact={"avatar": "https://example.org/bob.png"})))
    await make_topic(container, "news", [*names(60), "ann", "bob"])
    await send(container, request(topic("news"), actor="bob"))
    await run_due_jobs(container)
    for name in ("u0000", "u0059", "ann"):
        assert [item.avatar for item in await inbox(container, name)] == ["https://example.org/bob.png"]


async def test_archived_and_snoozed_are_left_alone_when_all_are_marked(container: Container, clock: FixedClock) -> None:
    hidden = await received(container, "hidden")
    await snooze(container, hidden.id, clock, HOUR)
    await received(container, "shown")
    command = MarkInboxCommand(principal=ANN, mark=Mark.READ, idempotency=under_key("k"))
    assert (await container.mark_inbox()(command)).view.updated == 1
    assert (await container.mark_inbox()(command)).replayed
    clock.advance(HOUR)
    await run_due_jobs(container)
    assert await counters(container, "ann") == (1, 1)


async def test_item_is_not_found_when_it_belongs_to_somebody_else(container: Container, clock: FixedClock) -> None:
    await send(container, request("bob"))
    item = await received(container)
    for attempt in (
        container.mark_item()(as_subscriber("bob"), item.id, Mark.READ),
        container.snooze_item()(as_subscriber("bob"), item.id, clock.now() + timedelta(hours=1)),
        container.mark_action()(as_subscriber("bob"), item.id, "a", ActionState.COMPLETED),
        container.delete_item()(as_subscriber("bob"), item.id),
    ):
        with pytest.raises(InboxItemNotFound):
            await attempt
    assert (await counters(container, "ann"), await counters(container, "bob")) == ((1, 1), (1, 1))
