"""What subscribers see of their inbox."""

from collections.abc import Mapping
from dataclasses import dataclass

from domain.inbox.filter import InboxFilter
from domain.inbox.item import InboxItem
from domain.realtime.cursor import Cursor


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxCounts:
    """Items that match; what is archived or snoozed counts as neither unread nor unseen."""

    unread: int = 0
    unseen: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxCountsView:
    """Over all, and by severity (every severity is there)."""

    overall: InboxCounts
    by_severity: Mapping[str, InboxCounts]


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterCountView:
    """What matches one filter."""

    filter: InboxFilter
    count: InboxCounts


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxPage:
    """One page, newest first. A stream that is opened with `stream_cursor` leaves no hole after these items."""

    items: list[InboxItem]
    limit: int
    next_cursor: str | None
    stream_cursor: Cursor


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkMarkView:
    """How many items a bulk mark changed."""

    updated: int
