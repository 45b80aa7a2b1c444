"""What the library finds, in the product's words; it never repeats the value, which may be somebody's secret."""

from collections.abc import Iterable, Mapping
from typing import Final

from jsonschema import ValidationError

from domain.shared.errors import FieldProblem
from domain.shared.json import JsonValue

_LONGEST_NAME: Final = 100
_LONGEST_WORDS: Final = 200

# By keyword; `{}` is the keyword's value.
_WORDS: Final[Mapping[str, str]] = {
    "anyOf": "fits none of the allowed forms",
    "const": "is not the only allowed value",
    "contains": "has too few or too many items of the wanted form",
    "enum": "is not one of the allowed values",
    "exclusiveMaximum": "is not less than {}",
    "exclusiveMinimum": "is not more than {}",
    "format": "is not a valid {}",
    "items": "has more items than allowed",
    "maxContains": "has more than {} items of the wanted form",
    "maxItems": "has more than {} items",
    "maxLength": "is longer than {} characters",
    "maxProperties": "has more than {} fields",
    "maximum": "is more than {}",
    "minItems": "has fewer than {} items",
    "minLength": "is shorter than {} characters",
    "minProperties": "has fewer than {} fields",
    "minimum": "is less than {}",
    "multipleOf": "is not a multiple of {}",
    "not": "has a form that is not allowed",
    "oneOf": "does not fit exactly one of the allowed forms",
    "pattern": "does not match the pattern {}",
    "type": "is not of type {}",
    "unevaluatedItems": "has items that the schema does not know",
    "unevaluatedProperties": "has fields that the schema does not know",
    "uniqueItems": "has the same item twice",
}


def problem_of(error: ValidationError, at: str) -> FieldProblem:
    """The problem, at its place below `at`."""
    return FieldProblem(path_below(at, error.absolute_path), _words(error))


def path_below(at: str, parts: Iterable[str | int]) -> str:
    """`payload.items[0].id` of `payload` and `items`, 0, `id`."""
    return at + "".join(f"[{part}]" if isinstance(part, int) else f".{part[:_LONGEST_NAME]}" for part in parts)


def _words(error: ValidationError) -> str:
    if error.schema is False:
        return "is not allowed"
    # A keyword without words here is one of our own, which brings them.
    words = _WORDS.get(str(error.validator), error.message)
    return (words.format(_told(error.validator_value)) if "{}" in words else words)[:_LONGEST_WORDS]


def _told(value: JsonValue) -> str:
    if isinstance(value, list):
        return " or ".join(str(each) for each in value)
    return str(value)
