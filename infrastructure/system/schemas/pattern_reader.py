"""The regular expressions of JSON Schema (ECMA-262, Unicode mode) without what cannot be matched in linear time."""

import re
from collections.abc import Mapping
from typing import Final

from infrastructure.system.schemas.pattern_syntax import (
    CATEGORY,
    CLASSES,
    LONG_CATEGORIES,
    NO_LINE_END,
    Characters,
    Choice,
    Node,
    PatternRefused,
    Place,
    Repeat,
    Sequence,
    one,
)

MAX_PATTERN_CHARACTERS: Final = 1_000
MAX_COUNT: Final = 1_000
MAX_GROUPS_DEEP: Final = 30

_CONTROLS: Final[Mapping[str, str]] = {"t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r", "0": "\0"}
_COUNT: Final = re.compile(r"\{([0-9]{1,6})(,([0-9]{1,6})?)?\}", re.ASCII)
_GROUP: Final = re.compile(r"\((\?:|\?<[A-Za-z_$][A-Za-z0-9_$]{0,99}>)?(?!\?)", re.ASCII)
_CODE: Final = re.compile(r"x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|u\{0*([0-9A-Fa-f]{1,6})\}", re.ASCII)
_CATEGORY: Final = re.compile(r"([pP])\{(?:(?:General_Category|gc)=)?([A-Za-z_]{1,40})\}", re.ASCII)
_CONTROL: Final = re.compile(r"c([A-Za-z])", re.ASCII)
_LAST_CODE: Final = 0x10FFFF


class PatternReader:
    """Reads one pattern from its beginning to its end."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._at = 0
        self._deep = 0

    def read(self) -> Node:
        """The whole pattern; raises `PatternRefused`."""
        if len(self._source) > MAX_PATTERN_CHARACTERS:
            raise PatternRefused(f"is longer than {MAX_PATTERN_CHARACTERS:,} characters")
        node = self._choice()
        if self._at < len(self._source):
            raise self._refused("has a ) without its (")
        return node

    def _refused(self, words: str) -> PatternRefused:
        return PatternRefused(f"{words}, at character {self._at + 1}")

    def _next(self) -> str:
        return self._source[self._at : self._at + 1]

    def _taken(self, text: str) -> bool:
        found = self._source.startswith(text, self._at)
        self._at += len(text) if found else 0
        return found

    def _taken_match(self, expression: re.Pattern[str]) -> re.Match[str] | None:
        match = expression.match(self._source, self._at)
        self._at = match.end() if match else self._at
        return match

    def _choice(self) -> Node:
        branches = [self._sequence()]
        while self._taken("|"):
            branches.append(self._sequence())
        return branches[0] if len(branches) == 1 else Choice(tuple(branches))

    def _sequence(self) -> Node:
        parts: list[Node] = []
        while self._next() not in {"", "|", ")"}:
            parts.append(self._repeated(self._atom()))
        return parts[0] if len(parts) == 1 else Sequence(tuple(parts))

    def _repeated(self, atom: Node) -> Node:
        counts = self._counts()
        if counts is None:
            return atom
        least, most = counts
        if isinstance(atom, Place) or self._next() in {"*", "+"}:
            raise self._refused("repeats what cannot be repeated")
        if least > MAX_COUNT or (most or 0) > MAX_COUNT:
            raise self._refused(f"counts beyond {MAX_COUNT:,}: use minLength and maxLength")
        if most is not None and most < least:
            raise self._refused("counts from more to less")
        self._taken("?")  # Lazy or not: the same texts match.
        return Repeat(atom, least, most)

    def _counts(self) -> tuple[int, int | None] | None:
        for sign, counts in (("*", (0, None)), ("+", (1, None)), ("?", (0, 1))):
            if self._taken(sign):
                return counts
        match = self._taken_match(_COUNT)
        if match is None:
            return None
        least = int(match[1])
        return least, (int(match[3]) if match[3] else None if match[2] else least)

    def _atom(self) -> Node:
        character = self._next()
        if character == "(":
            return self._group()
        if character in {"*", "+", "?"} or _COUNT.match(self._source, self._at):
            raise self._refused("repeats nothing")
        self._at += 1
        match character:
            case "^" | "$":
                return Place(character)
            case ".":
                return NO_LINE_END
            case "[":
                return self._set()
            case "\\":
                return self._escaped()
            case _:
                return one(character)

    def _group(self) -> Node:
        if self._taken_match(_GROUP) is None:
            raise self._refused("has a look-around or a flag, which are not supported")
        self._deep += 1
        if self._deep > MAX_GROUPS_DEEP:
            raise self._refused(f"nests more than {MAX_GROUPS_DEEP} groups")
        node = self._choice()
        if not self._taken(")"):
            raise self._refused("has a ( without its )")
        self._deep -= 1
        return Sequence((node,))  # As one part: what a group holds may be repeated, an anchor may not.

    def _escaped(self) -> Node:
        if self._next() in {"b", "B"}:
            self._at += 1
            return Place(self._source[self._at - 1])
        return self._escaped_characters()

    def _escaped_characters(self) -> Characters:
        """What a backslash begins, in a set as outside of one."""
        character = self._next()
        if code := self._taken_match(_CODE):
            number = int(code[1] or code[2] or code[3], 16)
            if number > _LAST_CODE:
                raise self._refused("has an escape beyond the last character")
            return one(chr(number))
        if control := self._taken_match(_CONTROL):
            return one(chr(ord(control[1]) % 32))
        if category := self._taken_match(_CATEGORY):
            return self._category(category[2], negated=category[1] == "P")
        if character in "123456789k" and character:
            raise self._refused("has a back-reference, which is not supported")
        self._at += 1
        if character in CLASSES:
            return CLASSES[character]
        if not character or (character.isalnum() and character not in _CONTROLS):
            raise self._refused("has an escape that means nothing")
        return one(_CONTROLS.get(character, character))

    def _category(self, name: str, *, negated: bool) -> Characters:
        short = LONG_CATEGORIES.get(name, name)
        if CATEGORY.fullmatch(short) is None:
            raise self._refused("has a property that is no general category")
        return Characters(categories=(short,), negated=negated)

    def _set(self) -> Characters:
        negated = self._taken("^")
        parts: list[Characters] = []
        while not self._taken("]"):
            first = self._set_member()
            if self._next() == "-" and self._source[self._at + 1 : self._at + 2] not in {"]", ""}:
                self._at += 1
                first = self._range(first, self._set_member())
            parts.append(first)
        return Characters(parts=tuple(parts), negated=negated)

    def _set_member(self) -> Characters:
        character = self._next()
        if not character:
            raise self._refused("has a [ without its ]")
        self._at += 1
        if character != "\\":
            return one(character)
        return one("\b") if self._taken("b") else self._escaped_characters()

    def _range(self, first: Characters, last: Characters) -> Characters:
        ends = [set_.ranges[0][0] for set_ in (first, last) if len(set_.ranges) == 1 and len(set(set_.ranges[0])) == 1]
        if len(ends) < 2 or ends[0] > ends[1]:  # noqa: PLR2004  Both ends of the range.
            raise self._refused("has a range that is none")
        return Characters(((ends[0], ends[1]),))
