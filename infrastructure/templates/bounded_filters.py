"""Liquid's own filters, none of which can make a value that does not fit.

The library bounds what is written and what is assigned. Between two filters of one expression, or in one that runs in C
and cannot be interrupted, a text of gigabytes would be complete before anybody looked.
"""

import re
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, Final

from liquid.exceptions import ResourceLimitError

from infrastructure.templates.limits import MAX_INTEGER_BITS, MAX_ITERATIONS, MAX_VALUE

# Any: a filter takes and gives whatever a template hands to it.
Filter = Callable[..., Any]

# Compares each with each.
_MAX_UNIQUE: Final = 500
_TAG = re.compile(r"<[^<>]*>?")
_INSIDE = re.compile(r"<(script|style)\b[^<>]*>[^<]*|<!--[^<]*?-->", re.IGNORECASE)


def bounded(name: str, plain: Filter) -> Filter:
    """The same filter, refusing to take or make what is too large."""
    foresee = _GROWTH.get(name)

    @wraps(plain)
    def within(*args: Any, **kwargs: Any) -> Any:
        for each in args:
            _accept(name, each)
        if foresee is not None:
            _refuse_over(MAX_VALUE, foresee(*args), name)
        result = plain(*args, **kwargs)
        _accept(name, result)
        return result

    return within


def strip_html(value: object, **_: object) -> str:
    """Liquid's filter of that name; the library's goes over a text again for each `<` in it."""
    return _TAG.sub("", _INSIDE.sub("", "" if value is None else str(value)))


def weight(value: object, most: int = MAX_VALUE) -> int:
    """About how many characters `value` has when it is written; stops counting when there are more than `most`."""
    total, waiting = 0, [value]
    while waiting and total <= most:
        item = waiting.pop()
        total += 1
        if isinstance(item, str):
            total += len(item)
        elif isinstance(item, dict):
            waiting += [*item.keys(), *item.values()]
        elif isinstance(item, list | tuple):
            waiting += item
    return total


def _accept(name: str, value: object) -> None:
    if isinstance(value, str):
        _refuse_over(MAX_VALUE, len(value), name)
    elif isinstance(value, list | tuple):
        _refuse_over(_MAX_UNIQUE if name == "uniq" else MAX_ITERATIONS, len(value), name)
    elif isinstance(value, range):
        _refuse_over(MAX_ITERATIONS, value.stop - value.start, name)
    elif isinstance(value, int):
        _refuse_over(MAX_INTEGER_BITS, value.bit_length(), name)


def _refuse_over(most: int, size: int, name: str) -> None:
    if size > most:
        raise ResourceLimitError(f"`{name}` would work on or make more than {most} of something", token=None)


def _length(value: object) -> int:
    return len(value) if isinstance(value, str) else weight(value)


def _replaced(value: object, sought: object = "", by: object = "", *_: object) -> int:
    text, pattern = str(value), str(sought)
    return len(text) + text.count(pattern) * len(str(by))


def _joined(value: object, separator: object = " ", *_: object) -> int:
    items = len(value) if isinstance(value, list | tuple | range) else 1
    return weight(value) + items * len(str(separator))


def _together(*values: object) -> int:
    return sum(map(_length, values))


# How long the result will be, where that is more than the sum of what goes in, or a copy of it many times over.
_GROWTH: Final[dict[str, Callable[..., int]]] = {
    "append": _together,
    "prepend": _together,
    "concat": _together,
    "join": _joined,
    "replace": _replaced,
}


def bound_all(filters: Iterable[tuple[str, Filter]]) -> dict[str, Filter]:
    """Every filter in its bounded form."""
    return {name: bounded(name, each) for name, each in filters}
