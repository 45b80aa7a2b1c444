"""The keywords of JSON Schema that the library leaves too slow, too wordy or too vague about the place."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from jsonschema import Draft202012Validator, ValidationError

from domain.shared.json import JsonObject, JsonValue
from infrastructure.system.schemas.running_check import KEYWORD_COST, MEMBER_COST, RunningCheck, size

# Any: the value of a keyword, and what it is held against, are free JSON.
Keyword = Callable[[Any, Any, Any, Any], Iterator[ValidationError]]

# Those that turn to each member or item.
_LOOPS: Final = frozenset(
    {"additionalProperties", "contains", "items", "patternProperties", "propertyNames", "unevaluatedItems"}
    | {"unevaluatedProperties", "uniqueItems"}
)
_COMPARES: Final = frozenset({"const", "enum"})


def keywords() -> Mapping[str, Keyword]:
    """Every keyword of 2020-12, each counted against the budget of the running check."""
    ours: dict[str, Keyword] = {
        "additionalProperties": _additional_properties,
        "anyOf": _any_of,
        "dependentRequired": _dependent_required,
        "format": _format,
        "oneOf": _one_of,
        "pattern": _pattern,
        "properties": _properties,
        "patternProperties": _pattern_properties,
        "propertyNames": _property_names,
        "required": _required,
        "uniqueItems": _unique_items,
    }
    return {name: _counted(name, each) for name, each in {**Draft202012Validator.VALIDATORS, **ours}.items()}


def _counted(name: str, keyword: Keyword) -> Keyword:
    def counted(validator: Draft202012Validator, value: JsonValue, instance: JsonValue, schema: JsonValue) -> Any:
        cost = KEYWORD_COST
        if name in _LOOPS and isinstance(instance, dict | list):
            cost += KEYWORD_COST * (size(instance) if name == "uniqueItems" else len(instance))
        if isinstance(value, dict | list):
            cost += MEMBER_COST * (size(value) if name in _COMPARES else len(value))
        _running(validator).spend(cost)
        return keyword(validator, value, instance, schema)

    return counted


def _running(validator: Draft202012Validator) -> RunningCheck:
    running = validator.format_checker
    assert isinstance(running, RunningCheck)
    return running


def _fits(validator: Draft202012Validator, schema: JsonValue, instance: JsonValue) -> bool:
    return bool(validator.evolve(schema=schema).is_valid(instance))


def _below(name: str, words: str) -> ValidationError:
    return ValidationError(words, path=[name])


def _descend(
    validator: Draft202012Validator, schema: JsonValue, member: JsonValue, name: str, refused: str = "is not allowed"
) -> Iterator[ValidationError]:
    if schema is False:  # The library would leave out the name.
        yield _below(name, refused)
    else:
        yield from validator.descend(member, schema, path=name)


def _required(
    _: Draft202012Validator, names: list[str], instance: JsonValue, __: JsonObject
) -> Iterator[ValidationError]:
    if isinstance(instance, dict):
        yield from (_below(name, "is required") for name in names if name not in instance)


def _dependent_required(
    _: Draft202012Validator, dependents: dict[str, list[str]], instance: JsonValue, __: JsonObject
) -> Iterator[ValidationError]:
    if isinstance(instance, dict):
        for name, required in dependents.items():
            if name in instance:
                yield from (_below(each, f"is required beside {name}") for each in required if each not in instance)


def _additional_properties(
    validator: Draft202012Validator, value: JsonValue, instance: JsonValue, schema: JsonObject
) -> Iterator[ValidationError]:
    if not isinstance(instance, dict):
        return
    known, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
    for name, member in instance.items():
        if name in known or any(_running(validator).matches(pattern, name) for pattern in patterns):
            continue
        yield from _descend(validator, value, member, name, refused="is not a known field")


def _properties(
    validator: Draft202012Validator, schemas: dict[str, JsonValue], instance: JsonValue, _: JsonObject
) -> Iterator[ValidationError]:
    if isinstance(instance, dict):
        for name, schema in schemas.items():
            if name in instance:
                yield from _descend(validator, schema, instance[name], name)


def _pattern_properties(
    validator: Draft202012Validator, patterns: dict[str, JsonValue], instance: JsonValue, _: JsonObject
) -> Iterator[ValidationError]:
    if isinstance(instance, dict):
        for pattern, schema in patterns.items():
            for name, member in instance.items():
                if _running(validator).matches(pattern, name):
                    yield from _descend(validator, schema, member, name)


def _property_names(
    validator: Draft202012Validator, schema: JsonValue, instance: JsonValue, _: JsonObject
) -> Iterator[ValidationError]:
    if isinstance(instance, dict):
        yield from (_below(name, "is not an allowed name") for name in instance if not _fits(validator, schema, name))


def _pattern(
    validator: Draft202012Validator, pattern: str, instance: JsonValue, _: JsonObject
) -> Iterator[ValidationError]:
    if isinstance(instance, str) and not _running(validator).matches(pattern, instance):
        yield ValidationError("pattern")


def _format(
    validator: Draft202012Validator, name: str, instance: JsonValue, _: JsonObject
) -> Iterator[ValidationError]:
    if isinstance(instance, str) and not _running(validator).has_format(name, instance):
        yield ValidationError("format")


def _any_of(
    validator: Draft202012Validator, schemas: list[JsonValue], instance: JsonValue, _: JsonObject
) -> Iterator[ValidationError]:
    if not any(_fits(validator, schema, instance) for schema in schemas):
        yield ValidationError("anyOf")


def _one_of(
    validator: Draft202012Validator, schemas: list[JsonValue], instance: JsonValue, _: JsonObject
) -> Iterator[ValidationError]:
    if sum(_fits(validator, schema, instance) for schema in schemas) != 1:
        yield ValidationError("oneOf")


def _unique_items(
    _: Draft202012Validator, unique: bool, instance: JsonValue, __: JsonObject
) -> Iterator[ValidationError]:
    if unique and isinstance(instance, list) and len({_canonical(item) for item in instance}) < len(instance):
        yield ValidationError("uniqueItems")


def _canonical(value: JsonValue) -> str:
    """One text for equal values: 1 and 1.0 are equal, 1 and true are not, and the order of members is nothing."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(name)}:{_canonical(value[name])}" for name in sorted(value)) + "}"
    if isinstance(value, list):
        return "[" + ",".join(_canonical(each) for each in value) + "]"
    if isinstance(value, str):
        return json.dumps(value)
    if isinstance(value, float) and value.is_integer():
        return hex(int(value))
    # Hexadecimal: Python refuses to write very large numbers in tens.
    return hex(value) if isinstance(value, int) and not isinstance(value, bool) else repr(value)
