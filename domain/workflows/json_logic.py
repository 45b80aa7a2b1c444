"""Conditions as JSON Logic (https://jsonlogic.com): rules that tenants write, and that cannot fail or run away.

What a rule computes is what the reference implementation computes, but null where that ends in NaN, undefined or an
exception. It has neither `log` nor operators of its own.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from domain.shared.json import JsonValue
from domain.workflows.json_logic_operators import OPERATORS
from domain.workflows.json_logic_values import MAX_DEPTH, MAX_TEXT_BYTES, Budget, ConditionTooCostly, is_list, truthy

MAX_VALUES: Final = 2_000
MANY: Final = MAX_VALUES

# How many arguments each operator takes.
ARGUMENTS: Final[Mapping[str, tuple[int, int]]] = {
    "var": (0, 2), "missing": (1, MANY), "missing_some": (2, 2), "if": (2, MANY), "?:": (2, MANY),
    "==": (2, 2), "===": (2, 2), "!=": (2, 2), "!==": (2, 2), "!": (1, 1), "!!": (1, 1),
    "or": (1, MANY), "and": (1, MANY),
    ">": (2, 2), ">=": (2, 2), "<": (2, 3), "<=": (2, 3), "max": (1, MANY), "min": (1, MANY),
    "+": (1, MANY), "-": (1, 2), "*": (1, MANY), "/": (2, 2), "%": (2, 2),
    "map": (2, 2), "reduce": (3, 3), "filter": (2, 2), "all": (2, 2), "none": (2, 2), "some": (2, 2),
    "merge": (1, MANY), "in": (2, 2), "cat": (1, MANY), "substr": (2, 3),
}  # fmt: skip


def holds(rule: JsonValue, data: JsonValue) -> bool:
    """Whether the rule's value counts as true; raises `ConditionTooCostly`, and nothing else."""
    return truthy(_Evaluation().value(rule, data))


def evaluate(rule: JsonValue, data: JsonValue) -> JsonValue:
    """The rule's value: fit for JSON where the data is; raises `ConditionTooCostly`, and nothing else."""
    evaluation = _Evaluation()
    return evaluation.written(evaluation.value(rule, data))


def condition_problems(rule: JsonValue) -> Iterator[tuple[str, str]]:
    """Why `rule` is not to be stored: the place below it (`and[0].==`, "" for all of it), and what is wrong there.

    An object that is not one operator is refused, although the reference takes it for a literal, which is true: two
    operators in one object are a forgotten `and`.
    """
    check = _Check()
    yield from check.problems(rule, "", 0)
    if check.values > MAX_VALUES or check.characters > MAX_TEXT_BYTES:
        yield "", f"is larger than {MAX_VALUES:,} values or 64 kB"


class _Check:
    """How much of a rule was looked at."""

    __slots__ = ("characters", "values")

    def __init__(self) -> None:
        self.values = 0
        self.characters = 0

    def problems(self, rule: JsonValue, path: str, depth: int) -> Iterator[tuple[str, str]]:
        self.values += 1
        self.characters += len(rule) if isinstance(rule, str) else 0
        if not isinstance(rule, Mapping) and not is_list(rule):
            return
        if depth >= MAX_DEPTH:
            yield path, f"is nested deeper than {MAX_DEPTH} levels"
        elif is_list(rule):
            yield from self._of_each(rule, path, depth)
        elif len(rule) != 1:
            yield path, f"has {len(rule)} operators where one belongs: join conditions by and"
        else:
            ((name, arguments),) = rule.items()
            yield from self._of_operation(name, arguments, f"{path}.{name}" if path else name, depth)

    def _of_operation(self, name: str, arguments: JsonValue, path: str, depth: int) -> Iterator[tuple[str, str]]:
        if name not in ARGUMENTS:
            yield path, "is no operator"
            return
        least, most = ARGUMENTS[name]
        count = len(arguments) if is_list(arguments) else 1
        if not least <= count <= most:
            yield path, f"takes {_range(least, most)}, not {count}"
        if is_list(arguments):
            yield from self._of_each(arguments, path, depth)
        else:
            yield from self.problems(arguments, path, depth + 1)

    def _of_each(self, rules: Sequence[JsonValue], path: str, depth: int) -> Iterator[tuple[str, str]]:
        for index, each in enumerate(rules):
            if self.values > MAX_VALUES:
                return
            yield from self.problems(each, f"{path}[{index}]", depth + 1)


def _range(least: int, most: int) -> str:
    if most == MANY:
        return f"at least {_counted(least)}"
    return _counted(most) if least == most else f"{least} to {_counted(most)}"


def _counted(number: int) -> str:
    return f"{number} argument{'' if number == 1 else 's'}"


class _Evaluation:
    """One evaluation, and what it has left to spend."""

    __slots__ = ("_budget",)

    def __init__(self) -> None:
        self._budget = Budget()

    def value(self, rule: JsonValue, data: JsonValue, depth: int = 0) -> JsonValue:
        if not isinstance(rule, Mapping) and not is_list(rule):
            return rule
        _refuse_deeper(depth)
        self._budget.spend(steps=1)
        if is_list(rule):
            return self._values(rule, data, depth)
        if len(rule) != 1:
            return rule
        ((name, written),) = rule.items()
        arguments = written if is_list(written) else [written]
        if name in _LAZY:
            return _LAZY[name](self, arguments, data, depth + 1)
        known = OPERATORS.get(name)
        return known(self._values(arguments, data, depth), data, self._budget) if known else None

    def written(self, value: JsonValue, depth: int = 0) -> JsonValue:
        """The value as JSON has it. It costs what there is to write: lists may hold one another many times over."""
        if isinstance(value, float):
            return value if math.isfinite(value) else None
        if isinstance(value, str):
            self._budget.spend(characters=len(value))
        if not isinstance(value, Mapping) and not is_list(value):
            return value
        _refuse_deeper(depth)
        self._budget.spend(steps=1, elements=len(value))
        if isinstance(value, Mapping):
            return {key: self.written(each, depth + 1) for key, each in value.items()}
        return [self.written(each, depth + 1) for each in value]

    def _values(self, rules: Sequence[JsonValue], data: JsonValue, depth: int) -> list[JsonValue]:
        self._budget.spend(elements=len(rules))
        return [self.value(each, data, depth + 1) for each in rules]

    def if_(self, arguments: Sequence[JsonValue], data: JsonValue, depth: int) -> JsonValue:
        """Condition, value, condition, value, …, and the value of otherwise."""
        for condition, then in zip(arguments[::2], arguments[1::2], strict=False):
            if truthy(self.value(condition, data, depth)):
                return self.value(then, data, depth)
        return self.value(arguments[-1], data, depth) if len(arguments) % 2 else None

    def and_(self, arguments: Sequence[JsonValue], data: JsonValue, depth: int) -> JsonValue:
        """The first value that is not true, else the last."""
        return self._first(arguments, data, depth, wanted=False)

    def or_(self, arguments: Sequence[JsonValue], data: JsonValue, depth: int) -> JsonValue:
        """The first value that is true, else the last."""
        return self._first(arguments, data, depth, wanted=True)

    def _first(self, arguments: Sequence[JsonValue], data: JsonValue, depth: int, *, wanted: bool) -> JsonValue:
        value: JsonValue = None
        for each in arguments:
            value = self.value(each, data, depth)
            if truthy(value) is wanted:
                break
        return value

    def map(self, arguments: Sequence[JsonValue], data: JsonValue, depth: int) -> JsonValue:
        return [value for _, value in self._each(arguments, data, depth)]

    def filter(self, arguments: Sequence[JsonValue], data: JsonValue, depth: int) -> JsonValue:
        return [element for element, value in self._each(arguments, data, depth) if truthy(value)]

    def some(self, arguments: Sequence[JsonValue], data: JsonValue, depth: int) -> bool:
        return any(truthy(value) for _, value in self._each(arguments, data, depth))

    def none(self, arguments: Sequence[JsonValue], data: JsonValue, depth: int) -> bool:
        return not self.some(arguments, data, depth)

    def all(self, arguments: Sequence[JsonValue], data: JsonValue, depth: int) -> bool:
        """Of nothing it is false, unlike elsewhere."""
        found = False
        for _, value in self._each(arguments, data, depth):
            found = truthy(value)
            if not found:
                break
        return found

    def reduce(self, arguments: Sequence[JsonValue], data: JsonValue, depth: int) -> JsonValue:
        rule = _argument(arguments, 1)
        elements = self.value(_argument(arguments, 0), data, depth)
        result = self.value(_argument(arguments, 2), data, depth)
        for element in elements if is_list(elements) else ():
            self._budget.spend(steps=1)
            result = self.value(rule, {"current": element, "accumulator": result}, depth)
        return result

    def _each(
        self, arguments: Sequence[JsonValue], data: JsonValue, depth: int
    ) -> Iterator[tuple[JsonValue, JsonValue]]:
        """The elements of the first argument, and the second one's value with each of them for data."""
        elements = self.value(_argument(arguments, 0), data, depth)
        rule = _argument(arguments, 1)
        for element in elements if is_list(elements) else ():
            self._budget.spend(steps=1)
            yield element, self.value(rule, element, depth)


# Those that decide themselves which of their arguments are evaluated, and with what data.
_LAZY: Final[Mapping[str, Callable[[_Evaluation, Sequence[JsonValue], JsonValue, int], JsonValue]]] = {
    "if": _Evaluation.if_,
    "?:": _Evaluation.if_,
    "and": _Evaluation.and_,
    "or": _Evaluation.or_,
    "map": _Evaluation.map,
    "filter": _Evaluation.filter,
    "reduce": _Evaluation.reduce,
    "all": _Evaluation.all,
    "none": _Evaluation.none,
    "some": _Evaluation.some,
}


def _argument(arguments: Sequence[JsonValue], index: int) -> JsonValue:
    return arguments[index] if index < len(arguments) else None


def _refuse_deeper(depth: int) -> None:
    if depth >= MAX_DEPTH:
        raise ConditionTooCostly(f"it is nested deeper than {MAX_DEPTH} levels")
