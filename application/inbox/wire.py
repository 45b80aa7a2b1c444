"""The inbox item as clients read it, in answers and in streams alike."""

from datetime import datetime

from domain.inbox.filter import InboxFilter
from domain.inbox.item import InboxItem, visible_changes
from domain.shared.json import JsonObject, JsonValue
from domain.shared.moment import wire_time


def wire_item(item: InboxItem) -> JsonObject:
    """The item of the HTTP contract; UUIDs are left to the encoder."""
    return {
        "id": item.id,
        "notificationId": item.notification_id,
        "workflow": item.workflow,
        "title": item.title,
        "body": item.body,
        "data": item.data,
        "actions": item.actions,
        "avatar": item.avatar,
        "redirect": item.redirect,
        "severity": item.severity,
        "tags": item.tags,
        "actor": item.actor,
        "seen": item.seen_at is not None,
        "read": item.read_at is not None,
        "archived": item.archived_at is not None,
        "snoozedUntil": _text(item.snoozed_until),
        "seenAt": _text(item.seen_at),
        "readAt": _text(item.read_at),
        "archivedAt": _text(item.archived_at),
        "createdAt": wire_time(item.created_at),
        "updatedAt": wire_time(item.updated_at),
    }


def wire_changes(before: InboxItem, after: InboxItem) -> JsonObject:
    """Which item changed, and the fields of `wire_item` that did."""
    changes = visible_changes(before, after)
    return {
        "id": after.id,
        **{name: wire_time(value) if isinstance(value, datetime) else value for name, value in changes.items()},
    }


def wire_filter(wanted: InboxFilter) -> JsonObject:
    """The filter of the HTTP contract, without what it leaves open. One group of tags is a plain list."""
    tags = wanted.tags[0] if len(wanted.tags) == 1 else wanted.tags
    stated: dict[str, JsonValue] = {
        "tags": tags,
        "severity": wanted.severities,
        "workflow": wanted.workflows,
        "data": wanted.data,
        "createdAfter": _text(wanted.created_after),
        "createdBefore": _text(wanted.created_before),
    }
    found = {name: value for name, value in stated.items() if value}
    flags = {"read": wanted.read, "seen": wanted.seen}
    found |= {name: value for name, value in flags.items() if value is not None}
    # Hidden is what is left out, so that "either" has to be said.
    hidden = {"archived": wanted.archived, "snoozed": wanted.snoozed}
    return found | {name: value for name, value in hidden.items() if value is not False}


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else wire_time(moment)
