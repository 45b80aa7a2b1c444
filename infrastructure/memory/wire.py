"""JSON as it is stored and sent."""

from typing import Any

import msgspec

from domain.shared.json import JsonObject


def encoded(value: object) -> bytes:
    """Compact JSON; times are ISO 8601 with their zone, `Z` for UTC."""
    return msgspec.json.encode(value)


def carried(value: JsonObject) -> JsonObject:
    """Free JSON as it comes back from a store: a copy, with lists for tuples and texts for times and UUIDs."""
    copy: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(value))  # Any: free JSON
    return copy
