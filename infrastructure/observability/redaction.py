"""The one gate that every log line passes before any sink sees it."""

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from itertools import islice
from typing import Final

from structlog.typing import EventDict, WrappedLogger

from infrastructure.observability.sensitive_keys import Sensitivity, key_classifier
from infrastructure.observability.sensitive_text import MASK, mask_phone, redact_text

VALUE_LIMIT: Final = 4_096
TRACEBACK_LIMIT: Final = 16_384
# A secret that begins before the cut must be recognised although its end is beyond.
_OVERLAP = 2_048
_TRACEBACK_SCANNED = 32_768
_TRACEBACK_HEAD = 4_096
_KEY_LIMIT = 128
_INT_LIMIT = 2**63
# As many as the code has; others are an attacker's.
_MOST_NAMES = 1_024
_NUMBERS = frozenset({bool, float, int})
_SAFE = 10**15
BEYOND: Final = "[…]"
TRACEBACK_KEYS: Final = frozenset({"exception", "stack"})


class Redactor:
    """A structlog processor that returns a copy in plain JSON types, without secrets and with contact points masked.

    Secrets are known by the name of their field or by their looks. The work for one line is bounded: `max_depth`
    levels, `max_nodes` values, 4 kB of each value and 16 kB of a traceback; what is beyond is left out, with a mark.
    """

    def __init__(self, extra_keys: Iterable[str] = (), *, max_depth: int = 6, max_nodes: int = 512) -> None:
        self._classify = key_classifier(extra_keys)
        self._text = _TextGate()
        self._plain: set[str] = set()
        self._max_depth = max_depth
        self._max_nodes = max_nodes

    def __call__(self, _logger: WrappedLogger, _method: str, event_dict: EventDict) -> EventDict:
        walk = _Walk(self._classify, self._text, self._max_nodes)
        kept: dict[str, object] = {}
        for name, value in event_dict.items():
            # Most of what is logged: a known name, and a number or a text that came before.
            if name in self._plain and self._text.knows(value):
                kept[name] = value
            elif name in TRACEBACK_KEYS and isinstance(value, str):
                kept[name] = _traceback(value)
            else:
                kept[self._name(name)] = walk.field(name, value, self._max_depth)
        return kept

    def _name(self, name: str) -> str:
        shown = self._text.pass_through(name, _KEY_LIMIT)
        if shown is name and self._classify(name) is Sensitivity.PLAIN and len(self._plain) < _MOST_NAMES:
            self._plain.add(name)
        return shown


class _TextGate:
    """Redacts text, and remembers short clean ones: methods, routes and field names come again and again.

    Only clean ones, so that no secret stays in memory. Full, it forgets everything and begins anew.
    """

    def __init__(self, capacity: int = 4_096, longest: int = 160) -> None:
        self._clean: set[str] = set()
        self._capacity = capacity
        self._longest = longest

    def knows(self, value: object) -> bool:
        """Whether it is a text that was found clean, or a number of no more than 15 digits."""
        if type(value) is str:
            return value in self._clean
        return type(value) in _NUMBERS and -_SAFE < value < _SAFE  # type: ignore[operator]

    def pass_through(self, text: str, limit: int) -> str:
        if text in self._clean:
            return text
        redacted = _redact(text, limit)
        if redacted is text and len(text) <= self._longest:
            if len(self._clean) >= self._capacity:
                self._clean.clear()
            self._clean.add(text)
        return redacted


class _Walk:
    """One pass over one line; counts what it has visited."""

    def __init__(self, classify: Callable[[str], Sensitivity], text: _TextGate, budget: int) -> None:
        self._classify = classify
        self._text = text
        self._budget = budget

    def field(self, name: str, value: object, depth: int) -> object:
        """A value with the name it is known by. A name that announces a secret hides all but flags and None."""
        if value is None or isinstance(value, bool):
            return value
        match self._classify(name):
            case Sensitivity.SECRET:
                return MASK
            case Sensitivity.PHONE:
                return mask_phone(_as_text(value)[:_KEY_LIMIT]) if isinstance(value, str | int | bytes) else MASK
            case _:
                return self.value(value, depth)

    def value(self, value: object, depth: int) -> object:
        """A value by itself."""
        self._budget -= 1
        if type(value) is str:
            return self._text.pass_through(value, VALUE_LIMIT)
        if value is None or isinstance(value, bool | float):
            return value
        if isinstance(value, int):
            return int(value) if -_INT_LIMIT <= value < _INT_LIMIT else "[large number]"
        if isinstance(value, Mapping | list | tuple | set | frozenset):
            return self._container(value, depth) if depth > 0 and self._budget > 0 else BEYOND
        return self._text.pass_through(_as_text(value), VALUE_LIMIT)

    def _container(self, value: Mapping[object, object] | Collection[object], depth: int) -> object:
        room = self._budget
        if isinstance(value, Mapping):
            pairs = [(_as_text(key), each) for key, each in islice(value.items(), room)]
            kept = {self._text.pass_through(key, _KEY_LIMIT): self.field(key, each, depth - 1) for key, each in pairs}
            return kept if len(value) <= room else {**kept, BEYOND: BEYOND}
        items = list(islice(value, room))
        if len(items) == 2 and isinstance(items[0], str | bytes):  # noqa: PLR2004 - a header as (name, value)
            name = _as_text(items[0])
            return [self._text.pass_through(name, VALUE_LIMIT), self.field(name, items[1], depth - 1)]
        listed = [self.value(each, depth - 1) for each in items]
        return listed if len(value) <= room else [*listed, BEYOND]


def _as_text(value: object) -> str:
    try:
        if isinstance(value, bytes | bytearray | memoryview):
            return bytes(value[: VALUE_LIMIT + _OVERLAP]).decode("utf-8", "backslashreplace")
        if isinstance(value, datetime):
            return value.isoformat()
        if isinstance(value, BaseException):
            return f"{type(value).__name__}: {value}"
        return str(value)
    except Exception:  # noqa: BLE001 - a foreign __str__ may do anything, and a log line must not fail on it
        return f"[unprintable {type(value).__name__}]"


def _redact(text: str, limit: int) -> str:
    scanned = text[: limit + _OVERLAP]
    if not scanned.isascii():
        # A lone surrogate cannot be written to any sink.
        encodable = scanned.encode("utf-8", "backslashreplace").decode("utf-8")
        scanned = scanned if encodable == scanned else encodable
    redacted = redact_text(scanned)
    if len(redacted) > limit:
        return f"{redacted[:limit]}… [cut]"
    return redacted


def _traceback(text: str) -> str:
    """Keeps the beginning, which names the first cause, and the end, which names the exception."""
    redacted = _redact(text, _TRACEBACK_SCANNED)
    if len(redacted) <= TRACEBACK_LIMIT:
        return redacted
    return f"{redacted[:_TRACEBACK_HEAD]}\n… [cut]\n{redacted[_TRACEBACK_HEAD - TRACEBACK_LIMIT :]}"
