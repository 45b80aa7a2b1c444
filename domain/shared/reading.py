"""Reading what a caller wrote as JSON, noting everything that is wrong with it.

Each function returns a harmless value of the right type where it notes a problem, so that reading can go on; whoever
reads refuses in the end.
"""

import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Final, TypeVar

from domain.shared.json import JsonObject, JsonValue, problem_with_text
from domain.shared.moment import whole_milliseconds
from domain.shared.problems import Problems

Choice = TypeVar("Choice", bound=str)

# RFC 3339; `fromisoformat` alone reads week dates and times without a zone, too.
_MOMENT: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?([Zz]|[+-][0-9]{2}:[0-9]{2})", re.ASCII
)
_PLAIN_KEY: Final = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
_FIRST_YEAR: Final = 1970


def path_to(path: str, name: str) -> str:
    """The path of a field; a key that is no plain word is quoted: `categories["a.b"]`."""
    if not _PLAIN_KEY.fullmatch(name):
        return f'{path}["{name}"]'
    return f"{path}.{name}" if path else name


def is_object(value: JsonValue, path: str, problems: Problems) -> bool:
    """Whether it is an object; a problem when it is not, so that what is missing in it need not be one, too."""
    return problems.check(isinstance(value, Mapping), path, "must be an object")


def read_object(value: JsonValue, path: str, problems: Problems, *, known: Collection[str] | None = None) -> JsonObject:
    """An object with no other fields than the `known` ones, and any at all when that is None; null is an empty one."""
    if value is None or not is_object(value, path, problems):
        return {}
    found: JsonObject = value
    for name in found if known is not None else ():
        problems.check(name in (known or ()), path_to(path, name), "is not known here")
    return found


def read_list(value: JsonValue, path: str, problems: Problems, *, most: int) -> list[JsonValue]:
    """At most so many values; null is an empty list."""
    if value is None:
        return []
    if not isinstance(value, list | tuple):
        problems.add(path, "must be an array")
        return []
    problems.check(len(value) <= most, path, f"has more than {most} entries")
    return list(value[:most])


def read_flag(value: JsonValue, path: str, problems: Problems) -> bool | None:
    """True, false or null."""
    if value is None or isinstance(value, bool):
        return value
    problems.add(path, "must be true or false")
    return None


def read_text(value: JsonValue, path: str, problems: Problems, *, longest: int) -> str | None:
    """A text that can be stored, not empty; or null."""
    if value is None:
        return None
    if not isinstance(value, str):
        problems.add(path, "must be a text")
    elif not 1 <= len(value) <= longest:
        problems.add(path, f"must have 1 to {longest} characters")
    elif words := problem_with_text(value):
        problems.add(path, words)
    else:
        return value
    return None


def read_integer(value: JsonValue, path: str, problems: Problems, *, lowest: int, highest: int) -> int | None:
    """A whole number within the limits, or null."""
    if value is None:
        return None
    if isinstance(value, int) and not isinstance(value, bool) and lowest <= value <= highest:
        return value
    problems.add(path, f"must be a whole number from {lowest} to {highest}")
    return None


def read_choice(value: JsonValue, path: str, problems: Problems, *, among: Collection[Choice]) -> Choice | None:
    """One of some words, as the member of `among` that it is; or null."""
    if value is None:
        return None
    for choice in among:
        if value == choice:
            return choice
    problems.add(path, f"must be one of {', '.join(among)}")
    return None


def read_moment(value: JsonValue, path: str, problems: Problems) -> datetime | None:
    """A point in time of RFC 3339, in UTC and in whole milliseconds, not before 1970; or null."""
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value.upper()) if isinstance(value, str) and _MOMENT.fullmatch(value) else None
        utc = moment.astimezone(UTC) if moment is not None else None
    except (ValueError, OverflowError):
        utc = None
    if utc is not None and utc.year >= _FIRST_YEAR:
        return whole_milliseconds(utc)
    problems.add(path, "is not a point in time with its zone (RFC 3339), in the years 1970 to 9999")
    return None
