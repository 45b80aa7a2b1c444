"""Between texts and the typed value of a leaf; what is wrong is said without repeating the text."""

import re
from collections.abc import Callable, Iterable
from enum import StrEnum
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, get_args, get_origin

import msgspec

from infrastructure.config.log import read_sinks
from infrastructure.config.parsers import UNITS, UNLIMITED, count_or_unlimited, path, seconds, waits, words
from infrastructure.config.problems import Unacceptable
from infrastructure.config.section import Leaf

# Control characters, and the halves of a surrogate pair that stand for bytes which were no UTF-8.
LINE_BREAK = re.compile(r"\r?\n")
UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
SPOKEN_BOOLEANS = {"yes": "true", "on": "true", "no": "false", "off": "false"}


def read(leaf: Leaf, text: str) -> object:
    """The value of `text`; `Unacceptable` when it has the wrong shape or lies out of range."""
    if UNPRINTABLE.search(LINE_BREAK.sub("", text) if leaf.key.lines else text):
        raise Unacceptable("must not hold line breaks, control characters or broken UTF-8")
    raw = leaf.key.parse(text) if leaf.key.parse else _split(leaf, text)
    try:
        return msgspec.convert(raw, leaf.type, strict=False)
    except msgspec.ValidationError:
        raise Unacceptable(f"must be {expectation(leaf)}") from None


def _split(leaf: Leaf, text: str) -> object:
    kind = plain_type(leaf)
    if kind is Path:
        return path(text)
    if kind is bool:
        return SPOKEN_BOOLEANS.get(text.lower(), text)
    return words(text) if get_origin(kind) in {tuple, frozenset} else text


def plain_type(leaf: Leaf) -> Any:  # Any: a typing construct, which has no useful static type.
    """The type without its annotation and without None."""
    kind = get_args(leaf.type)[0]
    if get_origin(kind) is UnionType:
        return next(part for part in get_args(kind) if part is not NoneType)
    return kind


def expectation(leaf: Leaf) -> str:
    """What a value must look like, for messages and documentation."""
    kind = plain_type(leaf)
    if leaf.key.parse in (seconds, waits) and not leaf.key.expects:
        return f"a duration{_range(leaf)}"
    if leaf.key.expects or get_origin(kind) is Literal:
        return leaf.key.expects or f"one of {', '.join(get_args(kind))}"
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return f"one of {', '.join(kind)}"
    if leaf.key.parse is count_or_unlimited:
        return "a whole number, 0 for no limit"
    names = {bool: "true or false", int: "a whole number", float: "a number", Path: "a path"}
    return names.get(kind, "a list separated by commas" if get_origin(kind) else "a text") + _range(leaf)


def _range(leaf: Leaf) -> str:
    meta, show = leaf.meta, seconds_text if leaf.key.parse is seconds else "{:,.0f}".format
    if meta.ge is not None and meta.le is not None:
        return f" from {show(meta.ge)} to {show(meta.le)}"
    if meta.min_length and meta.max_length:
        return f" with {meta.min_length} to {meta.max_length} {_parts(leaf)}"
    if meta.min_length or meta.max_length:
        return (
            f" with {'at least' if meta.min_length else 'at most'} {meta.min_length or meta.max_length} {_parts(leaf)}"
        )
    return ""


def _parts(leaf: Leaf) -> str:
    return "character(s)" if plain_type(leaf) is str else "part(s)"


def write(leaf: Leaf, value: object) -> str:
    """The text that `read` turns into `value` again; empty for None."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if leaf.key.parse is count_or_unlimited and value == UNLIMITED:
        return "0"
    if isinstance(value, tuple | frozenset):
        return _list_text(leaf, sorted(value) if isinstance(value, frozenset) else value)
    return seconds_text(float(str(value))) if leaf.key.parse is seconds else str(value)


def _list_text(leaf: Leaf, values: Iterable[Any]) -> str:  # Any: seconds or texts, as the leaf's parser made them
    show: Callable[[Any], str] = seconds_text if leaf.key.parse is waits else str
    return ",".join(map(show, values)) or ("none" if leaf.key.parse is read_sinks else "")


def seconds_text(value: float) -> str:
    """The shortest exact spelling: `300.0` → `5m`."""
    for unit in ("d", "h", "m"):
        if value and value % UNITS[unit] == 0:
            return f"{value / UNITS[unit]:.0f}{unit}"
    return f"{value:.6f}".rstrip("0").rstrip(".") + "s"
