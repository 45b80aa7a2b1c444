"""What a subscriber does with an item."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.inbox.item import InboxItem, Mark, counter_change, visible_changes

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = NOW + timedelta(minutes=1)
ITEM = InboxItem(
    id=UUID(int=1),
    tenant_id="default",
    recipient_id=UUID(int=2),
    notification_id=UUID(int=3),
    title="T",
    surfaced_at=NOW,
    created_at=NOW,
    updated_at=NOW,
)
Change = Callable[[InboxItem, datetime], InboxItem]


def mark(kind: Mark) -> Change:
    return lambda item, now: item.marked(kind, now)


def snooze(item: InboxItem, now: datetime) -> InboxItem:
    return item.snoozed(now + timedelta(hours=1), now)


def surface(item: InboxItem, now: datetime) -> InboxItem:
    return item.surfaced(now)


CHANGES = st.lists(st.sampled_from([*map(mark, Mark), snooze, surface]), max_size=12)


def run_through(changes: list[Change]) -> list[InboxItem]:
    """The item after each change, a second apart."""
    items = [ITEM]
    for number, change in enumerate(changes, 1):
        items.append(change(items[-1], NOW + timedelta(seconds=number)))
    return items


@pytest.mark.parametrize(
    ("kind", "before", "after"),
    [
        (Mark.SEEN, {}, {"seen_at": LATER}),
        (Mark.READ, {}, {"seen_at": LATER, "read_at": LATER}),
        (Mark.READ, {"seen_at": NOW}, {"seen_at": NOW, "read_at": LATER}),
        (Mark.UNREAD, {"seen_at": NOW, "read_at": NOW}, {"seen_at": NOW, "read_at": None}),
        (Mark.ARCHIVE, {}, {"seen_at": LATER, "read_at": LATER, "archived_at": LATER}),
        (
            Mark.ARCHIVE,
            {"seen_at": NOW, "snoozed_until": LATER},
            {"seen_at": NOW, "read_at": LATER, "archived_at": LATER, "snoozed_until": None},
        ),
        (Mark.UNARCHIVE, {"seen_at": NOW, "read_at": NOW, "archived_at": NOW}, {"archived_at": None}),
        (Mark.UNSNOOZE, {"snoozed_until": LATER}, {"snoozed_until": None}),
    ],
)
def test_stamps_change_as_the_mark_says_when_marked(
    kind: Mark, before: dict[str, Any], after: dict[str, Any]
) -> None:  # Any: fields of an item
    item = replace(ITEM, **before)
    assert item.marked(kind, LATER) == replace(item, **after, updated_at=LATER)


@given(CHANGES, st.sampled_from(Mark))
def test_a_mark_twice_is_a_mark_once_when_repeated(changes: list[Change], kind: Mark) -> None:
    once = run_through(changes)[-1].marked(kind, LATER)
    assert once.marked(kind, LATER + timedelta(seconds=1)) is once


@given(CHANGES)
def test_read_implies_seen_when_changed_in_any_order(changes: list[Change]) -> None:
    for item in run_through(changes):
        assert item.read_at is None or item.seen_at is not None
        assert not (item.archived_at is not None and item.snoozed_until is not None)
        assert not (item.unseen and not item.unread)


@given(CHANGES)
def test_what_is_archived_or_snoozed_counts_as_nothing_when_changed_in_any_order(changes: list[Change]) -> None:
    for item in run_through(changes):
        listed = item.archived_at is None and item.snoozed_until is None
        assert (item.unread, item.unseen) == (listed and item.read_at is None, listed and item.seen_at is None)


@given(CHANGES)
def test_counters_are_right_when_the_changes_are_added_up(changes: list[Change]) -> None:
    items = run_through(changes)
    steps = [counter_change(None, items[0]), *(counter_change(*pair) for pair in pairwise(items))]

    assert sum(unread for unread, _ in steps) == int(items[-1].unread)
    assert sum(unseen for _, unseen in steps) == int(items[-1].unseen)


@given(CHANGES, CHANGES)
def test_counters_go_back_when_a_change_is_turned_round(first: list[Change], second: list[Change]) -> None:
    before, after = run_through(first)[-1], run_through(second)[-1]
    unread, unseen = counter_change(before, after)

    assert counter_change(after, before) == (-unread, -unseen)
    assert counter_change(before, None) == (-int(before.unread), -int(before.unseen))
    assert counter_change(before, before) == (0, 0)


def test_counters_tell_of_new_and_replaced_items_when_they_arrive() -> None:
    assert counter_change(None, ITEM) == (1, 1)
    assert counter_change(ITEM.marked(Mark.READ, LATER), ITEM) == (1, 1)
    assert counter_change(ITEM.marked(Mark.SEEN, LATER), ITEM) == (0, 1)
    assert counter_change(None, None) == (0, 0)


@given(CHANGES)
def test_a_browser_that_applies_the_changes_has_the_item_when_it_follows(changes: list[Change]) -> None:
    items = run_through(changes)
    shown: dict[str, object] = {}
    for before, after in pairwise(items):
        shown |= visible_changes(before, after)

    last = items[-1]
    expected = {
        "seenAt": last.seen_at,
        "readAt": last.read_at,
        "archivedAt": last.archived_at,
        "snoozedUntil": last.snoozed_until,
    }
    assert {name: shown.get(name) for name in expected} == expected
    for flag in ("seen", "read", "archived"):
        assert shown.get(flag, False) is (expected[f"{flag}At"] is not None)


def test_only_what_differs_is_told_when_an_item_changes() -> None:
    read = ITEM.marked(Mark.SEEN, NOW).marked(Mark.READ, LATER)
    assert visible_changes(ITEM.marked(Mark.SEEN, NOW), read) == {"read": True, "readAt": LATER}
    assert visible_changes(read, read.marked(Mark.UNREAD, LATER)) == {"read": False, "readAt": None}
    assert visible_changes(ITEM, ITEM.snoozed(LATER, NOW)) == {"snoozedUntil": LATER}
    assert visible_changes(ITEM, ITEM) == {}


def test_it_is_on_top_again_when_it_comes_back_from_a_snooze() -> None:
    snoozed = ITEM.marked(Mark.ARCHIVE, NOW).snoozed(LATER, NOW)
    assert (snoozed.archived_at, snoozed.snoozed_until, snoozed.surfaced_at) == (None, LATER, NOW)
    assert snoozed.snoozed(LATER, LATER) is snoozed

    back = snoozed.surfaced(LATER)
    assert (back.snoozed_until, back.surfaced_at, back.created_at) == (None, LATER, NOW)
