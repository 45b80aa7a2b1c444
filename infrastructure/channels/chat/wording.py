"""Titles, bodies and links as chat services take them."""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from application.ports.notification_channel import OutboundMessage

_ELLIPSIS: Final = "…"
_LINE_ENDS = re.compile(r"\r\n?|[\x85\u2028\u2029]")
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_SPACES = re.compile(r"\s+")
_UNSAFE_IN_URL = re.compile(r"[\s\x00-\x1f\x7f\"<>\\^`{|}]")
_JOINER: Final = "\u200d"
_SELECTORS = range(0xFE00, 0xFE10)
_SKIN_TONES = range(0x1F3FB, 0x1F400)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkButton:
    """An action that opens a page."""

    label: str
    url: str


def one_line(text: str) -> str:
    """`text` without line ends, controls and spaces around it."""
    return _SPACES.sub(" ", paragraphs(text)).strip()


def paragraphs(text: str) -> str:
    """`text` with `\\n` as its only line end and `\\t` as its only other control."""
    # A lone surrogate is no text, and no JSON can carry it.
    whole = text.encode("utf-8", "replace").decode("utf-8")
    return _CONTROLS.sub("", _LINE_ENDS.sub("\n", whole)).strip("\n")


def utf16_units(text: str) -> int:
    """The length as clients in JavaScript or Java count it; never less than the number of characters."""
    return len(text.encode("utf-16-le")) // 2


def cut(text: str, limit: int, size: Callable[[str], int] = utf16_units) -> str:
    """The longest beginning of `text` within `limit` as `size` measures, with an ellipsis when something is missing.

    Nothing that is seen as one character is torn apart. `size` is at least the number of characters.
    """
    head = text[: limit + 1]
    if len(head) == len(text) and size(text) <= limit:
        return text
    room = limit - size(_ELLIPSIS)
    end = bisect_right(range(len(head) + 1), room, key=lambda count: size(head[:count])) - 1
    while 0 < end < len(head) and _within_a_character(head, end):
        end -= 1
    return head[: max(end, 0)].rstrip() + _ELLIPSIS if room >= 0 else ""


def link_buttons(message: OutboundMessage, *, most: int, label: int, url: int) -> list[LinkButton]:
    """The first `most` actions that lead to a web page, since one bad link makes services refuse the whole message.

    Labels are cut at `label` characters; links longer than `url` are left out.
    """
    found = []
    for action in message.actions:
        link = str(action.get("url") or "")
        if len(link) <= url and _is_web_page(link):
            words = cut(one_line(str(action.get("label") or "")), label) or cut(link, label)
            found.append(LinkButton(label=words, url=link))
    return found[:most]


def _is_web_page(link: str) -> bool:
    try:
        parts = urlsplit(link)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and not _UNSAFE_IN_URL.search(link)
    except ValueError:
        return False


def _within_a_character(text: str, at: int) -> bool:
    after = text[at]
    joined = _JOINER in (after, text[at - 1])
    return joined or unicodedata.combining(after) != 0 or ord(after) in _SELECTORS or ord(after) in _SKIN_TONES
