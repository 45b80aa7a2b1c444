"""Browsers' push subscriptions, and what is encrypted for one of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from webpush import WebPush  # type: ignore[import-untyped]  # it has hints, and no marker that says so
from webpush.types import WebPushKeys, WebPushSubscription  # type: ignore[import-untyped]

from application.ports.notification_channel import JsonValue, OutboundMessage
from infrastructure.channels.push import base64url
from infrastructure.channels.push.devices import held

RECORD: Final = 4_096
"""Bytes of a whole record, which every push service must take (RFC 8030 7.2, RFC 8291 4)."""
# Header: salt 16, size 4, length of the key 1, key 65. Then the delimiter, and the tag of 16.
LONGEST_PLAIN: Final = RECORD - 86 - 17
_AUTH_LENGTH: Final = 16
_TO_URL_SAFE: Final = str.maketrans("+/", "-_")


@dataclass(frozen=True, slots=True)
class Subscription:
    """As a browser gives it out. Who knows the endpoint may send to it, as far as the push service lets them."""

    endpoint: str = field(repr=False)
    p256dh: str = field(repr=False)
    auth: str = field(repr=False)


def subscriptions_of(message: OutboundMessage) -> Sequence[Subscription]:
    """Those of the address, each endpoint once; entries without an endpoint are none."""
    found = (_subscription(each) for each in held(message, "webpush", "subscriptions"))
    return tuple({each.endpoint: each for each in found if each is not None}.values())


class Encryption:
    """Makes records of RFC 8291, with the key pair of VAPID in PEM that the library wants to begin with."""

    def __init__(self, private: bytes, public: bytes) -> None:
        # Its own authorization, which would name this address, is not used: it leaves the port out of the audience.
        self._library = WebPush(private, public, subscriber="nobody@example.com")

    def record(self, plain: bytes, to: Subscription) -> bytes:
        """One record; ValueError, whichever library found it, when the subscription's keys are none."""
        if len(base64url.decode(to.auth)) != _AUTH_LENGTH:
            raise ValueError("auth is not 16 bytes")
        keys = WebPushKeys(auth=to.auth, p256dh=to.p256dh)
        made: bytes = self._library.get(plain, WebPushSubscription(endpoint=to.endpoint, keys=keys)).encrypted
        return made


def _subscription(entry: JsonValue) -> Subscription | None:
    endpoint = entry.get("endpoint") if isinstance(entry, Mapping) else None
    if not isinstance(endpoint, str) or not endpoint:
        return None
    keys = entry.get("keys")
    keys = keys if isinstance(keys, Mapping) else {}
    return Subscription(endpoint, _url_safe(keys.get("p256dh")), _url_safe(keys.get("auth")))


def _url_safe(key: JsonValue) -> str:
    # Browsers give base64url; pages that call `btoa` themselves give the standard alphabet.
    return str(key or "").translate(_TO_URL_SAFE).rstrip("=")
