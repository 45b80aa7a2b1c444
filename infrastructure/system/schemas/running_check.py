"""What one check of a value by a schema may cost, and copies whose repr costs nothing."""

from collections.abc import Callable, Mapping
from typing import Final

from jsonschema import FormatChecker

from domain.shared.json import JsonValue
from infrastructure.system.schemas.patterns import Pattern

MAX_COST: Final = 3_200_000  # At the worst two seconds of one core.
KEYWORD_COST: Final = 16
MEMBER_COST: Final = 8
_SEARCH_COST: Final = 4


class CheckTooCostly(Exception):
    """A schema that refers to itself over and over, or a long text for a large pattern."""


class RunningCheck(FormatChecker):
    """The state of one check. It is no checker of formats: that is the only thing of the caller's own that the library
    hands on to each keyword.
    """

    def __init__(self, patterns: Mapping[str, Pattern], asserted: Mapping[str, Callable[[str], bool]]) -> None:
        super().__init__(formats=())
        self._patterns = patterns
        self._asserted = asserted
        self._left = MAX_COST

    def spend(self, cost: int) -> None:
        """Raises `CheckTooCostly` when nothing is left."""
        self._left -= cost
        if self._left < 0:
            raise CheckTooCostly

    def matches(self, pattern: str, text: str) -> bool:
        """Whether the pattern is found in the text."""
        self.spend(_SEARCH_COST)
        return self._patterns[pattern].found_in(text, self.spend)

    def has_format(self, name: str, text: str) -> bool:
        """Whether the text is of the format; of one that is not asserted all are."""
        return name not in self._asserted or self._asserted[name](text)


class QuietObject(dict[str, JsonValue]):
    """An object for the library, which writes each value into a message that nobody reads. `size`: values in it."""

    __slots__ = ("size",)
    size: int

    def __repr__(self) -> str:
        return "{…}"


class QuietList(list[JsonValue]):
    """The same of a list."""

    __slots__ = ("size",)
    size: int

    def __repr__(self) -> str:
        return "[…]"


class QuietText(str):
    """The same of a text."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "…"


def quiet(value: JsonValue) -> JsonValue:
    """A copy of plain JSON that is equal to it."""
    if isinstance(value, str):
        return QuietText(value)
    if isinstance(value, Mapping):
        copied = QuietObject({name: quiet(each) for name, each in value.items()})
        copied.size = 1 + sum(size(each) for each in copied.values())
        return copied
    if isinstance(value, list | tuple):
        items = QuietList(quiet(each) for each in value)
        items.size = 1 + sum(size(each) for each in items)
        return items
    return value


def size(value: JsonValue) -> int:
    """How many values there are in a quiet copy."""
    return value.size if isinstance(value, QuietObject | QuietList) else 1
