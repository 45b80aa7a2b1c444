"""How the values of JSON Logic compare and convert: as in JavaScript, with null for undefined.

NaN and the infinities exist while a rule is evaluated, so that what cannot be calculated is neither small nor large.
"""

import math
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Final

from domain.shared.errors import InvalidInput
from domain.shared.json import JsonValue

MAX_STEPS: Final = 10_000
MAX_TEXT_BYTES: Final = 65_536
MAX_DEPTH: Final = 50

_PER_STEP_ELEMENTS: Final = 64
_PER_STEP_CHARACTERS: Final = 1_024
_LONGEST_NUMBER: Final = 400
_EXACT: Final = 2**53
_PLAIN_BELOW: Final = 10**21
_PLAIN_FROM: Final = 1e-6
_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?", re.ASCII)

_WORDS: Final[Mapping[str, str]] = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}

Number = int | float


class ConditionTooCostly(InvalidInput):
    """Condition takes too long to evaluate"""

    code = "workflows.condition_too_costly"


class Budget:
    """What one evaluation may still cost: 10,000 steps, and no text beyond 64 kB.

    A step is an operation; so are 64 elements or 1 kB of text that an operation looks at.
    """

    __slots__ = ("_left",)

    def __init__(self, steps: int = MAX_STEPS) -> None:
        self._left = steps

    def spend(self, *, elements: int = 0, characters: int = 0, steps: int = 0) -> None:
        """Raises `ConditionTooCostly` when nothing is left."""
        self._left -= steps + elements // _PER_STEP_ELEMENTS + characters // _PER_STEP_CHARACTERS
        if self._left < 0:
            raise ConditionTooCostly(f"it takes more than {MAX_STEPS:,} operations")

    def join(self, parts: list[str], separator: str = "") -> str:
        """The parts as one text."""
        size = sum(len(part) for part in parts) + len(separator) * max(0, len(parts) - 1)
        # A character has at most four bytes: most texts need not be encoded to be known as small enough.
        text = separator.join(parts) if size <= MAX_TEXT_BYTES else ""
        if size > MAX_TEXT_BYTES or (4 * size > MAX_TEXT_BYTES and _bytes(text) > MAX_TEXT_BYTES):
            raise ConditionTooCostly("it makes a text of more than 64 kB")
        self.spend(elements=len(parts), characters=size)
        return text


def _bytes(text: str) -> int:
    return len(text.encode(errors="surrogatepass"))


def is_list(value: JsonValue) -> bool:
    return isinstance(value, list | tuple)


def is_number(value: JsonValue) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def truthy(value: JsonValue) -> bool:
    """False for null, false, 0, NaN, "" and the empty list; an object is true, even an empty one."""
    if isinstance(value, float) and math.isnan(value):
        return False
    return bool(value) or isinstance(value, Mapping)


def tidy(value: Number) -> Number:
    """A whole number that is exact as an int."""
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) <= _EXACT else value


def number(value: JsonValue, budget: Budget) -> Number:
    """`Number(value)`: null, "" and [] are 0, true is 1; NaN for what is no number."""
    if value is None or isinstance(value, bool):
        return int(bool(value))
    if isinstance(value, int | float):
        return value
    written = text(value, budget).strip()
    if not written:
        return 0
    return tidy(float(written)) if len(written) <= _LONGEST_NUMBER and _NUMBER.fullmatch(written) else math.nan


def leading_number(value: JsonValue, budget: Budget) -> Number:
    """`parseFloat(value)`: the number that a text begins with, so that "3 apples" are 3; true and null are none."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    found = _NUMBER.match(text(value, budget).lstrip()[:_LONGEST_NUMBER])
    return tidy(float(found[0])) if found else math.nan


def as_float(value: Number) -> float:
    """Infinite when it is an integer beyond all floats."""
    try:
        return float(value)
    except OverflowError:
        return math.copysign(math.inf, value > 0 or -1)


def text(value: JsonValue, budget: Budget) -> str:
    """`String(value)`, but null is "": nobody means the word."""
    return budget.join(_texts(value, budget, MAX_DEPTH))


def _texts(value: JsonValue, budget: Budget, depth: int) -> list[str]:
    if isinstance(value, str):
        return [value]
    if value is None:
        return []
    if isinstance(value, bool):
        return ["true" if value else "false"]
    if is_number(value):
        return [_number_text(value)]
    if not is_list(value):
        return ["[object Object]"]
    if depth == 0:
        raise ConditionTooCostly(f"it makes a text of lists nested deeper than {MAX_DEPTH} levels")
    budget.spend(steps=1)
    return [budget.join([budget.join(_texts(each, budget, depth - 1)) for each in value], ",")]


def _number_text(value: Number) -> str:
    """As JavaScript writes it: without `.0`, and without an exponent from 1e-6 up to 1e21."""
    if abs(value) < _PLAIN_BELOW and (isinstance(value, int) or value.is_integer()):
        return str(int(value))
    written = repr(as_float(value))
    if written in _WORDS:
        return _WORDS[written]
    if _PLAIN_FROM <= abs(value) < _PLAIN_BELOW:
        return format(Decimal(written), "f")
    return re.sub(r"\.0(?=e)|(?<=e-)0", "", written)


def strictly_equal(a: JsonValue, b: JsonValue) -> bool:
    """`===`: of one type and equal; lists and objects only when they are the very same."""
    if is_number(a) and is_number(b):
        return bool(a == b)
    if type(a) is type(b) and isinstance(a, str | bool):
        return bool(a == b)
    return a is b


def loosely_equal(a: JsonValue, b: JsonValue, budget: Budget) -> bool:
    """`==`: null equals null alone; different types are compared as texts, or as numbers where one of them is."""
    if a is None or b is None or (_structured(a) and _structured(b)):
        return a is b
    a, b = _primitive(a, budget), _primitive(b, budget)
    if isinstance(a, str) and isinstance(b, str):
        return a == b
    return number(a, budget) == number(b, budget)


def ordered(a: JsonValue, b: JsonValue, budget: Budget, holds: Callable[[JsonValue, JsonValue], bool]) -> bool:
    """Whether `holds` for the two as texts, if both are, else as numbers; what is no number has no order."""
    a, b = _primitive(a, budget), _primitive(b, budget)
    if isinstance(a, str) and isinstance(b, str):
        return holds(a, b)
    return holds(number(a, budget), number(b, budget))


def _structured(value: JsonValue) -> bool:
    return value is not None and not isinstance(value, str | bool | int | float)


def _primitive(value: JsonValue, budget: Budget) -> JsonValue:
    return text(value, budget) if _structured(value) else value
