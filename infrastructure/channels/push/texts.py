"""Titles, bodies and identifiers as devices take them."""

import hashlib
import re
from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from application.ports.notification_channel import JsonValue, OutboundMessage
from infrastructure.channels.push import base64url

_LONGEST_TITLE: Final = 200
_LONGEST_TOPIC: Final = 32
_LINE_ENDS = re.compile(r"\r\n?")
_CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]+")
_BREAKS = re.compile(r"[\x00-\x20\x7f-\x9f\u2028\u2029]+")
_VISIBLE = re.compile(r"[\x21-\x7e]+")
Payload = Mapping[str, JsonValue]


def fitted(message: OutboundMessage, render: Callable[[str, str], Payload], limit: int) -> Payload | None:
    """The payload that `render` makes of title and body, with as much of the body as fits `limit` bytes of JSON.

    None when it does not fit without any body, which is the fault of `data`.
    """
    title = _cut(_BREAKS.sub(" ", _whole(message.title)).strip(), _LONGEST_TITLE)
    body = _CONTROLS.sub(" ", _LINE_ENDS.sub("\n", _whole(message.body))).strip()
    longest = _longest(lambda length: size_of(render(title, _cut(body, length))) <= limit, len(body))
    return None if longest is None else render(title, _cut(body, longest))


def size_of(payload: Payload) -> int:
    """In bytes of JSON."""
    return len(msgspec.json.encode(payload))


def as_text(value: JsonValue) -> str:
    """For maps whose values must be strings: a string as it is, anything else as JSON."""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def collapse_id(sequence_id: str, longest: int = 64) -> str:
    """`sequence_id` where it can stand in a header and has at most `longest` bytes, else a digest of it."""
    if len(sequence_id) <= longest and _VISIBLE.fullmatch(sequence_id):
        return sequence_id
    return hashlib.sha256(sequence_id.encode("utf-8", "replace")).hexdigest()[:longest]


def topic_of(sequence_id: str) -> str:
    """A topic of RFC 8030 5.4: at most 32 characters of base64url. Always a digest: push services read it."""
    return base64url.encode(hashlib.sha256(sequence_id.encode("utf-8", "replace")).digest())[:_LONGEST_TOPIC]


def _whole(text: str) -> str:
    # A lone surrogate cannot be encoded.
    return text.encode("utf-8", "replace").decode("utf-8")


def _cut(text: str, length: int) -> str:
    if len(text) <= length:
        return text
    return text[: length - 1].rstrip() + "…" if length > 0 else ""


def _longest(fits: Callable[[int], bool], whole: int) -> int | None:
    """The greatest length up to `whole` that fits, found by halving; None when not even 0 does."""
    if fits(whole):
        return whole
    low, high = -1, whole
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return None if low < 0 else low
