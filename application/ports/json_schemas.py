"""Checking free JSON against the schemas that callers wrote for it."""

# One adapter: what a schema accepts is a standard's decision (JSON Schema 2020-12), not a driver's.

from collections.abc import Sequence
from typing import Final, Protocol

from domain.shared.errors import FieldProblem
from domain.shared.json import JsonObject, JsonValue

MAX_SCHEMA_BYTES: Final = 65_536
MAX_SCHEMA_DEPTH: Final = 50
MAX_PROBLEMS: Final = 50


class JsonSchemas(Protocol):
    """JSON Schema 2020-12, written by tenants: neither a schema nor what is checked by it can make a check fetch
    anything, run without end or fail.

    Both methods answer with field problems, none when all is well. `at` is the path under which callers know the
    value; problems lie below it, in wire spelling (`payload.items[0].id`). No message repeats a part of the value.
    Both compute and wait for nothing: less than a millisecond as a rule, at the very most a few seconds, so large
    values belong in an executor.
    """

    def problems_of(self, schema: JsonValue, at: str = "payloadSchema") -> Sequence[FieldProblem]:
        """What keeps `schema` from being used, at most 50 things.

        It is an object, at most 64 kB as JSON, 50 levels deep and 1,000 schemas in all, valid by the meta-schema of
        2020-12 and of no other dialect. Each `$ref` leads to a schema in it and not back to where it stands. Each
        pattern can be matched in linear time: no look-around, no back-reference, counts up to 1,000. Left out of the
        standard are `$dynamicRef`, `$id` below the top, and `unevaluatedProperties` beside `patternProperties`.
        """
        ...

    def check(self, schema: JsonObject, instance: JsonValue, at: str = "payload") -> Sequence[FieldProblem]:
        """What is wrong with `instance` by a schema that has no problems, at most 50 things.

        The formats `date-time`, `date`, `email`, `uri` and `uuid` are asserted, others are notes. What would cost too
        much to find out (a schema that doubles with each of its parts, a long text for a large pattern) is a problem
        of the instance, never an exception.
        """
        ...
