"""What a subscriber does with its items."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from application.inbox.mark_inbox import MarkInboxCommand
from application.inbox.ports import InboxFilter
from container import Container
from domain.inbox.item import InboxItem, InboxItemNotFound, Mark
from domain.notifications.content import Content, Severity
from domain.shared.errors import InvalidInput
from infrastructure.memory.fixed_clock import FixedClock
from tests.unit.application.asking import as_subscriber, counters, inbox, request, send, under_key
from tests.unit.application.due_jobs import run_due_jobs

ANN = as_subscriber("ann")
SHOWN = InboxFilter()
HOUR = 3_600


async def received(container: Container, title: str = "Hello", **fields: Any) -> InboxItem:
    """The item of a new notification to Ann."""
    await send(container, request("ann", content=Content(title=title), **fields))
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


@pytest.mark.parametrize(
    ("tags", "severities", "left"),
    [
        ((), (), []),
        (("orders",), (), ["news", "plain"]),
        (("orders", "news"), (), ["plain"]),
        ((), ("high",), ["order", "plain"]),
        (("orders", "news"), ("none",), ["news", "plain", "urgent"]),
        (("nothing",), (), ["news", "order", "plain", "urgent"]),
    ],
)
@pytest.mark.parametrize("which", [Mark.SEEN, Mark.READ, Mark.ARCHIVE])
async def test_only_what_matches_is_marked_when_a_bulk_mark_has_filters(
    container: Container, which: Mark, tags: tuple[str, ...], severities: tuple[str, ...], left: list[str]
) -> None:
    await received(container, "plain")
    await received(container, "order", tags=("orders",))
    await received(container, "urgent", tags=("orders",), severity=Severity.HIGH)
    await received(container, "news", tags=("news", "weekly"), severity=Severity.HIGH)
    command = MarkInboxCommand(principal=ANN, mark=which, tags=tags, severities=severities)
    answer = await container.mark_inbox()(command)

    assert answer.view.updated == 4 - len(left)
    assert sorted(item.title for item in await inbox(container, "ann") if item.unseen) == left
    unread = 4 if which is Mark.SEEN else len(left)
    assert await counters(container, "ann") == (unread, len(left))


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
    ):
        with pytest.raises(InboxItemNotFound):
            await attempt
    assert (await counters(container, "ann"), await counters(container, "bob")) == ((1, 1), (1, 1))
