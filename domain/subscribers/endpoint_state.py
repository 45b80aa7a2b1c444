"""What deliveries have shown of a contact point: since when it fails, and whether it is switched off.

The state stands in the point itself, so it is gone as soon as the caller sets the point anew.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from domain.shared.json import JsonObject, JsonValue
from domain.shared.moment import wire_time

FAILING_SINCE, DISABLED_AT, DISABLED_REASON = "failingSince", "disabledAt", "disabledReason"
STATE = frozenset({FAILING_SINCE, DISABLED_AT, DISABLED_REASON})

# Why a point is switched off: it said so itself, or nothing but failures came from it for so long.
GONE, FAILING = "gone", "failing"
LONGEST_FAILURE = timedelta(days=5)


def switched_off(point: JsonObject) -> bool:
    """Whether nothing is to be sent there until it is set anew."""
    return DISABLED_AT in point


def after_round(point: JsonObject, *, ok: bool, gone: bool, now: datetime) -> JsonObject:
    """The point after a round of a delivery to it; the same object when that showed nothing new."""
    since = point.get(FAILING_SINCE)
    if switched_off(point):
        return point
    if gone:
        return _switched_off(point, GONE, now)
    if ok:
        return without_state(point) if since is not None else point
    if not isinstance(since, str):
        return {**point, FAILING_SINCE: wire_time(now)}
    return _switched_off(point, FAILING, now) if now - datetime.fromisoformat(since) >= LONGEST_FAILURE else point


def without_state(point: JsonObject) -> JsonObject:
    """The point as its owner set it."""
    return {name: value for name, value in point.items() if name not in STATE}


def points_without_state(points: JsonObject) -> dict[str, JsonValue]:
    """The same for all contact points of a subscriber."""
    return {channel: without_state(point) if isinstance(point, Mapping) else point for channel, point in points.items()}


def _switched_off(point: JsonObject, reason: str, now: datetime) -> JsonObject:
    return {**point, DISABLED_AT: wire_time(now), DISABLED_REASON: reason}
