"""What patterns consist of, as far as they can be matched in linear time."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final


class PatternRefused(ValueError):
    """Not a pattern, or not one that is matched in linear time; the message fits behind the name of a field."""


@dataclass(frozen=True, slots=True)
class Characters:
    """A set of characters: ranges of code points, general categories (`L`, `Nd`), and other sets."""

    ranges: tuple[tuple[int, int], ...] = ()
    categories: tuple[str, ...] = ()
    parts: tuple["Characters", ...] = ()
    negated: bool = False

    def has(self, character: str) -> bool:
        code = ord(character)
        found = (
            any(first <= code <= last for first, last in self.ranges)
            or (bool(self.categories) and unicodedata.category(character).startswith(self.categories))
            or any(part.has(character) for part in self.parts)
        )
        return found != self.negated


class Place(Enum):
    """What an anchor asks of the place between two characters."""

    START = "^"
    END = "$"
    WORD_EDGE = "b"
    NO_WORD_EDGE = "B"


@dataclass(frozen=True, slots=True)
class Sequence:
    """One after the other."""

    parts: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """Any of them."""

    branches: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """At least, and at most (None: without end) so many times."""

    of: "Node"
    least: int
    most: int | None


Node = Characters | Place | Sequence | Choice | Repeat


def one(character: str) -> Characters:
    return Characters(((ord(character), ord(character)),))


_DIGITS: Final = Characters(((0x30, 0x39),))
WORD: Final = Characters(((0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A)))
_SPACES: Final = Characters(((9, 13), (32, 32), (0xA0, 0xA0), (0xFEFF, 0xFEFF), (0x2028, 0x2029)), categories=("Zs",))
NO_LINE_END: Final = Characters(((10, 10), (13, 13), (0x2028, 0x2029)), negated=True)
CLASSES: Final[Mapping[str, Characters]] = {
    "d": _DIGITS,
    "w": WORD,
    "s": _SPACES,
    "D": Characters(parts=(_DIGITS,), negated=True),
    "W": Characters(parts=(WORD,), negated=True),
    "S": Characters(parts=(_SPACES,), negated=True),
}
# The general categories of Unicode: their short names, and those of the long ones that people write.
CATEGORY: Final = re.compile("C[cfnos]?|L[lmotu]?|M[cen]?|N[dlo]?|P[cdefios]?|S[ckmo]?|Z[lps]?")
LONG_CATEGORIES: Final[Mapping[str, str]] = {
    "Letter": "L",
    "Lowercase_Letter": "Ll",
    "Uppercase_Letter": "Lu",
    "Mark": "M",
    "Number": "N",
    "Decimal_Number": "Nd",
    "digit": "Nd",
    "Punctuation": "P",
    "Symbol": "S",
    "Separator": "Z",
}
