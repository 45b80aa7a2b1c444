"""The events of a stream, in the words of JSON Schema."""

from typing import Any, Final

# Any: a JSON document.
Json = dict[str, Any]

_ID: Final = {"type": "string", "pattern": "^[0-9]+-[0-9]+$", "description": "`lastEventId` of the next connection."}
_TIME: Final = {"anyOf": [{"type": "string", "format": "date-time"}, {"type": "null"}]}
_COUNT: Final = {"type": "integer", "minimum": 0}
_CHANGES: Final = {
    **{name: {"type": "boolean"} for name in ("seen", "read", "archived")},
    **dict.fromkeys(("seenAt", "readAt", "archivedAt", "snoozedUntil", "updatedAt"), _TIME),
}
_FILTER: Final = {
    "type": "object",
    "description": "Which items changed: those with any of the tags and any of the severities.",
}


def event_schema(item: Json) -> Json:
    """Each event, as clients see it; `item` is the schema of an inbox item.

    OpenAPI before 3.2 has no words for the parts of a stream: the schema of its media type describes one of them.
    """
    one, many = {"id": {"type": "string", "format": "uuid"}}, {"filter": _FILTER}
    changed = [_object({**which, **_CHANGES}, required=list(which)) for which in (one, many)]
    counts = _object({"unread": _COUNT, "unseen": _COUNT}, required=["unread", "unseen"])
    return {
        "oneOf": [
            _event("notification_received", item),
            _event("notification_updated", {"anyOf": changed}),
            _event("unread_count_changed", counts),
            _event("reset", _object({"reason": {"enum": ["gap"]}}, required=["reason"])),
            _event("shutdown", _object({"retry": _COUNT}, required=["retry"])),
        ]
    }


def _event(name: str, data: Json) -> Json:
    content = {"type": "string", "contentMediaType": "application/json", "contentSchema": data}
    return _object({"event": {"enum": [name]}, "id": _ID, "data": content}, required=["event", "data"])


def _object(properties: Json, required: list[str]) -> Json:
    return {"type": "object", "required": required, "properties": properties}
