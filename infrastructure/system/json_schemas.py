"""JSON Schema 2020-12 with the `jsonschema` package, for schemas and values of strangers."""

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from threading import Lock
from typing import Final

import msgspec
from jsonschema import Draft202012Validator, ValidationError, validators
from jsonschema.protocols import Validator
from referencing.jsonschema import EMPTY_REGISTRY

from application.ports.json_schemas import MAX_PROBLEMS, MAX_SCHEMA_BYTES, MAX_SCHEMA_DEPTH, JsonSchemas
from domain.shared.errors import FieldProblem
from domain.shared.json import JsonObject, JsonValue
from infrastructure.system.schemas.definition import Definition, define
from infrastructure.system.schemas.keywords import keywords
from infrastructure.system.schemas.running_check import CheckTooCostly, RunningCheck, quiet
from infrastructure.system.schemas.wording import path_below, problem_of

MAX_SCHEMAS: Final = 128
_TYPE: Final = "is not a type of JSON Schema"


@dataclass(frozen=True, slots=True)
class CompiledSchema:
    """What checks by one schema need."""

    validator: Validator
    definition: Definition


class CompiledSchemas:
    """The schemas that were used last, at most `most`, by what they say; for use from several threads."""

    def __init__(self, most: int = MAX_SCHEMAS) -> None:
        self._most = most
        self._lock = Lock()
        self._kept: OrderedDict[bytes, CompiledSchema] = OrderedDict()
        self._class = validators.create(
            meta_schema=Draft202012Validator.META_SCHEMA,
            validators=keywords(),
            type_checker=Draft202012Validator.TYPE_CHECKER,
        )

    def __len__(self) -> int:
        return len(self._kept)

    def of(self, schema: JsonObject) -> CompiledSchema:
        """A schema that has no problems, compiled when it is not there."""
        written = _written(schema)
        with self._lock:
            if written in self._kept:
                self._kept.move_to_end(written)
                return self._kept[written]
        made = self._compile(schema)
        with self._lock:
            self._kept[written] = made
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return made

    def _compile(self, schema: JsonObject) -> CompiledSchema:
        # The library would take its own keywords for a schema that names its dialect, and another base for one with
        # an id.
        plain = {name: value for name, value in schema.items() if name not in {"$schema", "$id"}}
        validator = self._class(quiet(plain), registry=EMPTY_REGISTRY)
        return CompiledSchema(validator=validator, definition=define(plain))


class Draft202012JsonSchemas(JsonSchemas):
    """See the port. `formats` are those that are asserted, by name."""

    def __init__(self, compiled: CompiledSchemas, formats: Mapping[str, Callable[[str], bool]]) -> None:
        self._compiled = compiled
        self._formats = formats

    def problems_of(self, schema: JsonValue, at: str = "payloadSchema") -> Sequence[FieldProblem]:
        words = _unreadable(schema)
        if words is not None:
            return (FieldProblem(at, words),)
        definition = define(schema)
        found = [*definition.problems_below(at)]
        if not found:
            found = _malformed(schema, at)
        return tuple(found[:MAX_PROBLEMS])

    def check(self, schema: JsonObject, instance: JsonValue, at: str = "payload") -> Sequence[FieldProblem]:
        compiled = self._compiled.of(schema)
        running = RunningCheck(compiled.definition.patterns, self._formats)
        found: list[FieldProblem] = []
        try:
            errors = compiled.validator.evolve(format_checker=running).iter_errors(quiet(instance))
            found.extend(problem_of(error, at) for error in islice(errors, MAX_PROBLEMS))
        except (CheckTooCostly, RecursionError, OverflowError):
            found = [*found[: MAX_PROBLEMS - 1], FieldProblem(at, "costs too much to check by its schema")]
        return tuple(found)


def _written(value: JsonValue) -> bytes:
    return msgspec.json.encode(value, enc_hook=dict)


def _unreadable(schema: JsonValue) -> str | None:
    if not isinstance(schema, Mapping):
        return "is not an object"
    if _depth(schema) > MAX_SCHEMA_DEPTH:
        return f"is nested deeper than {MAX_SCHEMA_DEPTH} levels"
    try:
        return "is larger than 64 kB" if len(_written(schema)) > MAX_SCHEMA_BYTES else None
    except UnicodeEncodeError:
        return "contains a lone surrogate"
    except ValueError:
        return "contains a number of too many digits"


def _depth(value: JsonValue) -> int:
    """How many objects and lists lie in one another; no more are counted than one beyond what is allowed."""
    level = [value]
    for depth in range(MAX_SCHEMA_DEPTH + 1):
        level = [node for node in level if isinstance(node, Mapping | list | tuple)]
        if not level:
            return depth
        level = [child for node in level for child in (node.values() if isinstance(node, Mapping) else node)]
    return MAX_SCHEMA_DEPTH + 1


def _malformed(schema: JsonObject, at: str) -> list[FieldProblem]:
    """What the meta-schema says."""
    errors = Draft202012Validator(Draft202012Validator.META_SCHEMA, registry=EMPTY_REGISTRY).iter_errors(quiet(schema))
    try:
        return [_problem_of_schema(error, at) for error in islice(errors, MAX_PROBLEMS)]
    except RecursionError:
        return [FieldProblem(at, "is nested too deeply")]


def _problem_of_schema(error: ValidationError, at: str) -> FieldProblem:
    if error.validator == "anyOf" and error.absolute_path and error.absolute_path[-1] == "type":
        return FieldProblem(path_below(at, error.absolute_path), _TYPE)
    return problem_of(error, at)
