"""Contact points that do not fit in a column: `{"webhook": {"url", "secret"}, "slack": {"webhookUrl"}, …}`."""

import base64
import binascii
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import partial

from domain.shared.json import JsonObject, JsonValue

# Standard Webhooks 1.0, in bytes.
SHORTEST_SECRET, LONGEST_SECRET = 24, 64

# The kinds of contact point there are, with the fields whose kind is fixed; a driver may want others beside them.
# E-mail and phone have columns of their own, and a webhook's URL a rule of its own. `push` holds the tokens of FCM.
POINTS: Mapping[str, Mapping[str, str]] = {
    "webhook": {"secret": "text"},
    "push": {"tokens": "texts"},
    "apns": {"tokens": "texts"},
    "webpush": {"subscriptions": "objects"},
    "slack": {"webhookUrl": "text", "token": "text"},
    "discord": {"webhookUrl": "text"},
    "teams": {"webhookUrl": "text"},
    "telegram": {"chatId": "text or number"},
    "whatsapp": {"phone": "some text"},
    "apprise": {"url": "text"},
}

# Without these a contact point of that kind leads nowhere.
REQUIRED_FIELDS: Mapping[str, frozenset[str]] = {"telegram": frozenset({"chatId"}), "whatsapp": frozenset({"phone"})}

# Whoever knows one of these can speak for the tenant or to the recipient: sealed at rest, never read back by a caller.
SECRET_FIELDS: Mapping[str, frozenset[str]] = {
    "webhook": frozenset({"secret"}),
    "slack": frozenset({"webhookUrl", "token"}),
    "discord": frozenset({"webhookUrl"}),
    "teams": frozenset({"webhookUrl"}),
    "apprise": frozenset({"url"}),
}

# Where the devices of a subscriber stand, by the kind that providers name: the point and its list. Web push names a
# device by its endpoint.
DEVICES: Mapping[str, tuple[str, str]] = {
    "fcm": ("push", "tokens"),
    "apns": ("apns", "tokens"),
    "webpush": ("webpush", "subscriptions"),
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
                given = point.get(name)
                if not fits(given) and (given is not None or name in REQUIRED_FIELDS.get(channel, ())):
                    yield f"{channel}.{name}", words


def _is_text(value: JsonValue) -> bool:
    return isinstance(value, str)


def _is_some_text(value: JsonValue) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_text_or_number(value: JsonValue) -> bool:
    return _is_some_text(value) or (isinstance(value, int) and not isinstance(value, bool))


def _is_object(value: JsonValue) -> bool:
    return isinstance(value, Mapping)


def _is_list_of(fits: Callable[[JsonValue], bool], value: JsonValue) -> bool:
    return isinstance(value, list | tuple) and all(fits(each) for each in value)


_KINDS: Mapping[str, tuple[Callable[[JsonValue], bool], str]] = {
    "text": (_is_text, "must be a text"),
    "some text": (_is_some_text, "must be a text"),
    "text or number": (_is_text_or_number, "must be a text or a whole number"),
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


def devices_of(points: JsonObject) -> dict[str, JsonValue]:
    """The address of push: each kind of device that there is one of, as providers name it."""
    found: dict[str, JsonValue] = {}
    for kind, (name, devices) in DEVICES.items():
        point = points.get(name)
        if isinstance(point, Mapping) and point.get(devices):
            found[kind] = point
    return found


def without_devices(points: JsonObject, kind: str, gone: Collection[str]) -> JsonObject:
    """The contact points without some devices of a kind; the same object when none of them was there."""
    if kind not in DEVICES:
        return points
    name, word = DEVICES[kind]
    point = points.get(name)
    if not isinstance(point, Mapping) or not isinstance(point.get(word), list | tuple):
        return points
    devices = point[word]
    kept = [each for each in devices if _device_name(each) not in gone]
    return points if len(kept) == len(devices) else {**points, name: {**point, word: kept}}


def _device_name(device: JsonValue) -> JsonValue:
    return device.get("endpoint") if isinstance(device, Mapping) else device


def webhook_secret_problem(secret: str) -> str | None:
    """Why this is not a Standard Webhooks secret (`whsec_` and base64 of 24 to 64 bytes); None when it is."""
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not secret.startswith("whsec_") or not SHORTEST_SECRET <= len(key) <= LONGEST_SECRET:
        return "is not a webhook secret (whsec_ and base64 of 24 to 64 bytes)"
    return None
