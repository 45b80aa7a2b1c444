"""The in-app delivery as the subscriber sees it."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from domain.shared.errors import NotFound
from domain.shared.json import JsonObject, JsonValue
from domain.shared.moment import wire_time


class InboxItemNotFound(NotFound):
    """Inbox item not found"""

    code = "inbox.not_found"


class InboxActionNotFound(NotFound):
    """The inbox item has no such action"""

    code = "inbox.action_not_found"


class ActionState(StrEnum):
    """Whether the subscriber has done what a button of an item is for."""

    OPEN = "open"
    COMPLETED = "completed"


class Mark(StrEnum):
    """What a subscriber can do with an item."""

    SEEN = "seen"
    READ = "read"
    UNREAD = "unread"
    ARCHIVE = "archive"
    UNARCHIVE = "unarchive"
    UNSNOOZE = "unsnooze"


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxItem:
    """`recipient_id` is the subscriber's own id (ours); `surfaced_at` sorts: when it arrived, or came back from a
    snooze.

    Read implies seen; archive implies read; what is archived or snoozed counts as neither unread nor unseen.
    """

    id: UUID
    tenant_id: str
    recipient_id: UUID
    notification_id: UUID
    sequence_id: str | None = None
    workflow: str | None = None
    title: str
    body: str = ""
    data: JsonObject = field(default_factory=dict)
    actions: tuple[JsonObject, ...] = ()
    avatar: str | None = None
    redirect: str | None = None
    severity: str = "none"
    tags: tuple[str, ...] = ()
    actor: str | None = None
    seen_at: datetime | None = None
    read_at: datetime | None = None
    archived_at: datetime | None = None
    snoozed_until: datetime | None = None
    surfaced_at: datetime
    created_at: datetime
    updated_at: datetime

    @property
    def unread(self) -> bool:
        return self.read_at is None and self.archived_at is None and self.snoozed_until is None

    @property
    def unseen(self) -> bool:
        return self.seen_at is None and self.archived_at is None and self.snoozed_until is None

    def marked(self, mark: Mark, now: datetime) -> "InboxItem":
        """After the mark; the same object when it changes nothing (a mark twice is a mark once)."""
        changes = self._changes(mark, now)
        changed = {name: value for name, value in changes.items() if getattr(self, name) != value}
        return replace(self, **changed, updated_at=now) if changed else self

    def _changes(self, mark: Mark, now: datetime) -> dict[str, Any]:  # Any: `replace` takes fields of many types
        seen, read = self.seen_at or now, self.read_at or now
        table: dict[Mark, dict[str, Any]] = {
            Mark.SEEN: {"seen_at": seen},
            Mark.READ: {"seen_at": seen, "read_at": read},
            Mark.UNREAD: {"read_at": None},
            Mark.ARCHIVE: {
                "seen_at": seen,
                "read_at": read,
                "archived_at": self.archived_at or now,
                "snoozed_until": None,
            },
            Mark.UNARCHIVE: {"archived_at": None},
            Mark.UNSNOOZE: {"snoozed_until": None},
        }
        return table[mark]

    def snoozed(self, until: datetime, now: datetime) -> "InboxItem":
        """Hidden until then; it comes back at the top of the list."""
        if self.snoozed_until == until:
            return self
        return replace(self, snoozed_until=until, archived_at=None, updated_at=now)

    def with_action(self, action_id: str, state: ActionState, now: datetime) -> "InboxItem":
        """With an action in that state; the same object when it was. A completed one says when, in `completedAt`.

        Raises `InboxActionNotFound`.
        """
        action = next((action for action in self.actions if action.get("id") == action_id), None)
        if action is None:
            raise InboxActionNotFound
        if action.get("state", ActionState.OPEN) == state:
            return self
        changed = {name: value for name, value in action.items() if name != "completedAt"} | {"state": state.value}
        if state is ActionState.COMPLETED:
            changed["completedAt"] = wire_time(now)
        actions = tuple(changed if one is action else one for one in self.actions)
        return replace(self, actions=actions, updated_at=now)

    def surfaced(self, now: datetime) -> "InboxItem":
        """Back from its snooze, on top of the list."""
        return replace(self, snoozed_until=None, surfaced_at=now, updated_at=now)


def counter_change(before: InboxItem | None, after: InboxItem | None) -> tuple[int, int]:
    """By how much `(unread, unseen)` change when `before` becomes `after`; None stands for not there."""

    def counted(item: InboxItem | None) -> tuple[int, int]:
        return (int(item.unread), int(item.unseen)) if item else (0, 0)

    (unread, unseen), (unread_was, unseen_was) = counted(after), counted(before)
    return unread - unread_was, unseen - unseen_was


def visible_changes(before: InboxItem, after: InboxItem) -> dict[str, JsonValue]:
    """What a browser needs to know: the wire fields that differ."""
    changes: dict[str, JsonValue] = {}
    for flag, stamp in (("seen", "seen_at"), ("read", "read_at"), ("archived", "archived_at")):
        was, now = getattr(before, stamp), getattr(after, stamp)
        if was != now:
            changes[flag] = now is not None
            changes[f"{flag}At"] = now
    if before.snoozed_until != after.snoozed_until:
        changes["snoozedUntil"] = after.snoozed_until
    if before.actions != after.actions:
        changes["actions"] = after.actions
    return changes
