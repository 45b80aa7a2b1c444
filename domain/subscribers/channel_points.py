"""Contact points that do not fit in a column: `{"webhook": {"url", "secret"}, "slack": {"webhookUrl"}, …}`."""

import base64
import binascii
from collections.abc import Callable, Iterator, Mapping
from functools import partial

from domain.shared.json import JsonObject, JsonValue

# Standard Webhooks 1.0, in bytes.
SHORTEST_SECRET, LONGEST_SECRET = 24, 64

# The channels there are contact points for, with the fields whose kind is fixed; a driver may want others beside them.
# E-mail and phone have columns of their own, and a webhook's URL a rule of its own.
POINTS: Mapping[str, Mapping[str, str]] = {
    "webhook": {"secret": "text"},
    "push": {"tokens": "texts"},
    "webpush": {"subscriptions": "objects"},
    "slack": {"webhookUrl": "text"},
    "discord": {"webhookUrl": "text"},
    "teams": {"webhookUrl": "text"},
    "telegram": {},
    "whatsapp": {},
}

# Whoever knows one of these can speak for the tenant or to the recipient: sealed at rest, never read back by a caller.
SECRET_FIELDS: Mapping[str, frozenset[str]] = {
    "webhook": frozenset({"secret"}),
    "slack": frozenset({"webhookUrl"}),
    "discord": frozenset({"webhookUrl"}),
    "teams": frozenset({"webhookUrl"}),
}


def point_problems(points: JsonObject) -> Iterator[tuple[str, str]]:
    """What is wrong with the names and the known fields of contact points, by path; null is as good as left out."""
    for channel, point in sorted(points.items()):
        if channel not in POINTS:
            yield channel, "is not a channel"
        elif not isinstance(point, Mapping):
            yield channel, "must be an object"
        else:
            for name, kind in POINTS[channel].items():
                fits, words = _KINDS[kind]
                if point.get(name) is not None and not fits(point[name]):
                    yield f"{channel}.{name}", words


def _is_text(value: JsonValue) -> bool:
    return isinstance(value, str)


def _is_object(value: JsonValue) -> bool:
    return isinstance(value, Mapping)


def _is_list_of(fits: Callable[[JsonValue], bool], value: JsonValue) -> bool:
    return isinstance(value, list | tuple) and all(fits(each) for each in value)


_KINDS: Mapping[str, tuple[Callable[[JsonValue], bool], str]] = {
    "text": (_is_text, "must be a text"),
    "texts": (partial(_is_list_of, _is_text), "must be an array of texts"),
    "objects": (partial(_is_list_of, _is_object), "must be an array of objects"),
}


def with_secrets(points: JsonObject, change: Callable[[str], str]) -> dict[str, JsonValue]:
    """The same contact points with every secret text replaced by `change` of it."""
    return {
        channel: {
            name: change(value) if name in SECRET_FIELDS.get(channel, ()) and isinstance(value, str) else value
            for name, value in point.items()
        }
        if isinstance(point, Mapping)
        else point
        for channel, point in points.items()
    }


def without_secrets(points: JsonObject) -> dict[str, JsonValue]:
    """The same contact points as a caller may read them."""
    return {
        channel: {name: value for name, value in point.items() if name not in SECRET_FIELDS.get(channel, ())}
        if isinstance(point, Mapping)
        else point
        for channel, point in points.items()
    }


def webhook_secret_problem(secret: str) -> str | None:
    """Why this is not a Standard Webhooks secret (`whsec_` and base64 of 24 to 64 bytes); None when it is."""
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not secret.startswith("whsec_") or not SHORTEST_SECRET <= len(key) <= LONGEST_SECRET:
        return "is not a webhook secret (whsec_ and base64 of 24 to 64 bytes)"
    return None
