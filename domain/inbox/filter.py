"""Which items of an inbox are meant."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from domain.inbox.item import InboxItem
from domain.shared.json import JsonValue

Scalar = str | int | float | bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxFilter:
    """None stands for "either"; an empty list for any. Archived and snoozed items are hidden unless asked for.

    - `tags`: an item carries at least one tag of every group.
    - `data`: an item's own `data` has each of these keys at its top level, with an equal value. 1 equals 1.0; true is
      no number; null is not the same as missing.
    - Times are exclusive bounds of `createdAt`.
    """

    read: bool | None = None
    seen: bool | None = None
    archived: bool | None = False
    snoozed: bool | None = False
    tags: tuple[tuple[str, ...], ...] = ()
    severities: tuple[str, ...] = ()
    workflows: tuple[str, ...] = ()
    data: Mapping[str, Scalar] = field(default_factory=dict)
    created_after: datetime | None = None
    created_before: datetime | None = None

    def matches(self, item: InboxItem) -> bool:
        """Whether the item is meant."""
        return (
            self._fits_state(item)
            and self._fits_words(item)
            and self._fits_time(item.created_at)
            and all(name in item.data and equal(item.data[name], value) for name, value in self.data.items())
        )

    def _fits_state(self, item: InboxItem) -> bool:
        facts = (
            (self.read, item.read_at),
            (self.seen, item.seen_at),
            (self.archived, item.archived_at),
            (self.snoozed, item.snoozed_until),
        )
        return all(asked is None or asked == (at is not None) for asked, at in facts)

    def _fits_words(self, item: InboxItem) -> bool:
        return (
            all(not set(group).isdisjoint(item.tags) for group in self.tags)
            and (not self.severities or item.severity in self.severities)
            and (not self.workflows or item.workflow in self.workflows)
        )

    def _fits_time(self, moment: datetime) -> bool:
        after, before = self.created_after, self.created_before
        return (after is None or moment > after) and (before is None or moment < before)


def equal(stored: JsonValue, wanted: Scalar) -> bool:
    """Whether two values are the same to JSON: to Python, `True` is 1."""
    if isinstance(stored, bool) or isinstance(wanted, bool):
        return stored is wanted
    same: bool = stored == wanted
    return same
