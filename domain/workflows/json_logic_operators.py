"""The operators of JSON Logic that take the values of all their arguments; https://jsonlogic.com/operations.html."""

import math
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Final

from domain.shared.json import JsonValue
from domain.workflows.json_logic_values import (
    MAX_TEXT_BYTES,
    Budget,
    Number,
    as_float,
    is_list,
    leading_number,
    loosely_equal,
    number,
    ordered,
    strictly_equal,
    text,
    tidy,
    truthy,
)

# The values of the arguments, the data that `var` reads, and what may still be spent.
Operator = Callable[[Sequence[JsonValue], JsonValue, Budget], JsonValue]

_INDEX: Final = re.compile(r"0|[1-9][0-9]{0,8}", re.ASCII)
_ABSENT: Final = object()


def _argument(values: Sequence[JsonValue], index: int) -> JsonValue:
    return values[index] if index < len(values) else None


def _var(values: Sequence[JsonValue], data: JsonValue, budget: Budget) -> JsonValue:
    path = _argument(values, 0)
    found = data if path is None or path == "" else _at(text(path, budget), data, budget)
    return _argument(values, 1) if found is _ABSENT else found


def _at(path: str, data: JsonValue, budget: Budget) -> JsonValue:
    """What lies at a dotted path, or `_ABSENT`."""
    keys = path.split(".")
    budget.spend(elements=len(keys))
    for key in keys:
        data = _member(data, key)
        if data is _ABSENT:
            return _ABSENT
    return data


def _member(data: JsonValue, key: str) -> JsonValue:
    if isinstance(data, Mapping):
        return data.get(key, _ABSENT)
    if not is_list(data) and not isinstance(data, str):
        return _ABSENT
    if key == "length":
        return len(data)
    return data[int(key)] if _INDEX.fullmatch(key) and int(key) < len(data) else _ABSENT


def _missing(values: Sequence[JsonValue], data: JsonValue, budget: Budget) -> JsonValue:
    keys = values[0] if values and is_list(values[0]) else values
    budget.spend(steps=len(keys))
    return [key for key in keys if _is_missing(_var([key], data, budget))]


def _is_missing(value: JsonValue) -> bool:
    return value is None or value == ""


def _missing_some(values: Sequence[JsonValue], data: JsonValue, budget: Budget) -> JsonValue:
    named = _argument(values, 1)
    keys = named if is_list(named) else [named]
    absent = _missing([keys], data, budget)
    return [] if len(keys) - len(absent) >= number(_argument(values, 0), budget) else absent


def _equal(values: Sequence[JsonValue], _: JsonValue, budget: Budget) -> bool:
    return loosely_equal(_argument(values, 0), _argument(values, 1), budget)


def _identical(values: Sequence[JsonValue], _: JsonValue, budget: Budget) -> bool:
    return strictly_equal(_argument(values, 0), _argument(values, 1))


def _negated(of: Callable[[Sequence[JsonValue], JsonValue, Budget], bool]) -> Operator:
    return lambda values, data, budget: not of(values, data, budget)


def _true(values: Sequence[JsonValue], _: JsonValue, budget: Budget) -> bool:
    return truthy(_argument(values, 0))


def _in_order(holds: Callable[[JsonValue, JsonValue], bool]) -> Operator:
    """Each argument and its successor, so that three of them say "between"."""

    def compare(values: Sequence[JsonValue], _: JsonValue, budget: Budget) -> bool:
        operands = [*values, None, None][: max(2, len(values))]
        return all(ordered(left, right, budget, holds) for left, right in pairwise(operands))

    return compare


def _extreme(pick: Callable[[Sequence[Number]], Number]) -> Operator:
    def choose(values: Sequence[JsonValue], _: JsonValue, budget: Budget) -> Number:
        numbers = [number(value, budget) for value in values]
        return tidy(pick(numbers)) if numbers and not any(map(_is_none, numbers)) else math.nan

    return choose


def _is_none(value: Number) -> bool:
    return isinstance(value, float) and math.isnan(value)


def _calculated(calculate: Callable[..., float], *numbers: Number) -> Number:
    """In floats, as everyone's JSON Logic; NaN where there is no result, as of a remainder by zero."""
    try:
        return tidy(calculate(*map(as_float, numbers)))
    except (ArithmeticError, ValueError):
        return math.nan


def _divided(a: float, b: float) -> float:
    return a / b if b else a * math.copysign(math.inf, b)


def _folded(calculate: Callable[[float, float], float], neutral: int) -> Operator:
    def fold(values: Sequence[JsonValue], _: JsonValue, budget: Budget) -> Number:
        result: Number = neutral
        for value in values:
            result = _calculated(calculate, result, leading_number(value, budget))
        return result

    return fold


def _minus(values: Sequence[JsonValue], _: JsonValue, budget: Budget) -> Number:
    numbers = [number(value, budget) for value in values[:2]]
    return _calculated(operator.neg if len(numbers) == 1 else operator.sub, *numbers) if numbers else math.nan


def _two_numbers(calculate: Callable[[float, float], float]) -> Operator:
    return lambda values, _, budget: _calculated(
        calculate, number(_argument(values, 0), budget), number(_argument(values, 1), budget)
    )


def _merged(values: Sequence[JsonValue], _: JsonValue, budget: Budget) -> JsonValue:
    merged: list[JsonValue] = []
    for value in values:
        part = value if is_list(value) else [value]
        budget.spend(elements=len(part))
        merged += part
    return merged


def _in(values: Sequence[JsonValue], _: JsonValue, budget: Budget) -> bool:
    wanted, where = _argument(values, 0), _argument(values, 1)
    if isinstance(where, str):
        budget.spend(characters=len(where))
        return bool(where) and wanted is not None and text(wanted, budget) in where
    if not is_list(where):
        return False
    budget.spend(elements=len(where))
    return any(strictly_equal(wanted, each) for each in where)


def _cat(values: Sequence[JsonValue], _: JsonValue, budget: Budget) -> str:
    return budget.join([text(value, budget) for value in values])


def _substr(values: Sequence[JsonValue], _: JsonValue, budget: Budget) -> str:
    """From `start`, counted from the end when negative; a negative length leaves out as many at the end."""
    source = text(_argument(values, 0), budget)
    start = _whole(_argument(values, 1), budget)
    rest = source[start:] if start >= 0 else source[max(0, len(source) + start) :]
    if len(values) < 3:  # noqa: PLR2004  Without a length, which is not the same as with null.
        return rest
    length = _whole(values[2], budget)
    return rest[:length] if length >= 0 else rest[: max(0, len(rest) + length)]


def _whole(value: JsonValue, budget: Budget) -> int:
    """Between the ends of any text, however large; 0 for what is no number."""
    wanted = number(value, budget)
    return 0 if _is_none(wanted) else int(max(-MAX_TEXT_BYTES, min(wanted, MAX_TEXT_BYTES)))


OPERATORS: Final[Mapping[str, Operator]] = {
    "var": _var,
    "missing": _missing,
    "missing_some": _missing_some,
    "==": _equal,
    "!=": _negated(_equal),
    "===": _identical,
    "!==": _negated(_identical),
    "!": _negated(_true),
    "!!": _true,
    "<": _in_order(operator.lt),
    "<=": _in_order(operator.le),
    ">": _in_order(operator.gt),
    ">=": _in_order(operator.ge),
    "max": _extreme(max),
    "min": _extreme(min),
    "+": _folded(operator.add, 0),
    "*": _folded(operator.mul, 1),
    "-": _minus,
    "/": _two_numbers(_divided),
    "%": _two_numbers(math.fmod),
    "merge": _merged,
    "in": _in,
    "cat": _cat,
    "substr": _substr,
}
