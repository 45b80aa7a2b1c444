"""Reading a JSON object field by field, noting everything that is wrong with it."""

import re
from collections.abc import Collection, Iterator, Mapping
from datetime import timedelta
from typing import Final

from domain.shared.duration import InvalidDuration, read_duration
from domain.shared.json import JsonObject, JsonValue
from domain.shared.problems import Problems

ONE_LINE: Final = re.compile(r"[^\x00-\x1f\x7f-\x9f]+")
_NOT_ONE_LINE: Final = "contains control characters"


def below(path: str, name: str) -> str:
    """The path of a field of the object at `path`."""
    return f"{path}.{name}" if path else name


class Fields:
    """The fields of the object at `path`; null is as good as left out.

    Each method reads one field. What is wrong is noted, and something that can be gone on with comes back: whoever
    reads refuses in the end. Fields that nobody asked for are unknown to `finish`.
    """

    __slots__ = ("_asked", "_problems", "_readable", "_values", "path")

    def __init__(self, value: JsonValue, path: str, problems: Problems) -> None:
        self._readable = problems.check(isinstance(value, Mapping), path, "must be an object")
        self._values: JsonObject = value if isinstance(value, Mapping) else {}
        self._problems = problems
        self._asked: set[str] = set()
        self.path = path

    def at(self, name: str) -> str:
        """The path of a field."""
        return below(self.path, name)

    def note(self, name: str, message: str) -> None:
        """Say what is wrong with a field; of what is no object, that was said and is enough."""
        if self._readable:
            self._problems.add(self.at(name), message)

    def value(self, name: str, *, required: bool = False) -> JsonValue:
        """Whatever is there; None when nothing is."""
        self._asked.add(name)
        found = self._values.get(name)
        if found is None and required:
            self.note(name, "is required")
        return found

    def text(
        self,
        name: str,
        *,
        required: bool = False,
        least: int = 0,
        most: int | None = None,
        pattern: re.Pattern[str] | None = None,
        otherwise: str = _NOT_ONE_LINE,
    ) -> str | None:
        """A text of `least` to `most` characters; `otherwise` says what is wrong with one that does not match."""
        found = self.value(name, required=required)
        if found is None:
            return None
        if not isinstance(found, str):
            self.note(name, "must be a string")
            return None
        if len(found) < least:
            self.note(name, "must not be empty")
        elif most is not None and len(found) > most:
            self.note(name, f"is longer than {most} characters")
        elif found and pattern is not None and not pattern.fullmatch(found):
            self.note(name, otherwise)
        return found

    def flag(self, name: str, default: bool) -> bool:
        """True or false."""
        found = self.value(name)
        if found is not None and not isinstance(found, bool):
            self.note(name, "must be a boolean")
        return found if isinstance(found, bool) else default

    def integer(self, name: str, *, least: int, most: int, required: bool = False) -> int | None:
        """A whole number."""
        found = self.value(name, required=required)
        if found is None:
            return None
        if isinstance(found, bool) or not isinstance(found, int) or not least <= found <= most:
            self.note(name, f"must be an integer from {least} to {most}")
            return None
        return found

    def choice(self, name: str, options: Collection[str], *, required: bool = False) -> str | None:
        """One of some words."""
        found = self.value(name, required=required)
        if found is None:
            return None
        if not isinstance(found, str) or found not in options:
            self.note(name, f"must be one of {', '.join(options)}")
            return None
        return found

    def duration(self, name: str, *, required: bool = False, most: timedelta | None = None) -> timedelta | None:
        """A length of time such as `10m`."""
        found = self.value(name, required=required)
        return None if found is None else self._duration(found, name, most)

    def durations(self, name: str, most: int) -> tuple[timedelta, ...]:
        """Lengths of time."""
        read = (self._duration(value, place) for place, value in self.items(name, most))
        return tuple(length for length in read if length is not None)

    def _duration(self, value: JsonValue, name: str, most: timedelta | None = None) -> timedelta | None:
        try:
            length = read_duration(value) if isinstance(value, str) else None
        except InvalidDuration as invalid:
            self.note(name, invalid.detail)
            return None
        if length is None:
            self.note(name, "must be a duration such as 10m")
        elif most is not None and length > most:
            self.note(name, f"is longer than {most // timedelta(seconds=1)}s")
        return length

    def words(self, name: str, most: int, *, longest: int = 64) -> tuple[str, ...]:
        """Short texts on one line each."""
        found: list[str] = []
        for place, value in self.items(name, most):
            if not isinstance(value, str) or not value or len(value) > longest:
                self.note(place, f"must be a string of 1 to {longest} characters")
            elif not ONE_LINE.fullmatch(value):
                self.note(place, _NOT_ONE_LINE)
            else:
                found.append(value)
        return tuple(found)

    def items(self, name: str, most: int) -> Iterator[tuple[str, JsonValue]]:
        """The items of a list, each with its name (`tags[0]`)."""
        found = self.value(name)
        if found is None:
            return
        if not isinstance(found, list | tuple):
            self.note(name, "must be a list")
            return
        if len(found) > most:
            self.note(name, f"has more than {most} items")
        for index, value in enumerate(found[:most]):
            yield f"{name}[{index}]", value

    def entries(self, name: str, most: int) -> Iterator[tuple[str, JsonValue]]:
        """The names and values of an object whose names are the caller's."""
        found = self.value(name)
        if found is None:
            return
        if not isinstance(found, Mapping):
            self.note(name, "must be an object")
            return
        if len(found) > most:
            self.note(name, f"has more than {most} fields")
        yield from list(found.items())[:most]

    def inner(self, name: str, *, required: bool = False) -> "Fields | None":
        """The object in a field."""
        found = self.value(name, required=required)
        return None if found is None else self.fields_of(name, found)

    def fields_of(self, name: str, value: JsonValue) -> "Fields":
        """A value below this object (`actions[0]`) as an object of its own."""
        return Fields(value, self.at(name), self._problems)

    def finish(self) -> None:
        """Note every field that nobody asked for."""
        for name in self._values:
            if name not in self._asked:
                self.note(name, "is not a known field")
