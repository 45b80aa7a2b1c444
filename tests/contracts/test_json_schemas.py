"""JsonSchemas. One adapter: the standard decides. Its own test suite was held against it when it was written; here is
what is ours: what is refused, where a problem lies, what is said, and that nothing runs away.
"""

from collections.abc import Mapping
from typing import Any

import pytest

from application.ports.json_schemas import MAX_PROBLEMS, MAX_SCHEMA_BYTES, JsonSchemas
from domain.shared.errors import FieldProblem
from infrastructure.system.contact_points import LocalContactPoints
from infrastructure.system.json_schemas import CompiledSchemas, Draft202012JsonSchemas
from infrastructure.system.schemas.formats import formats

Schema = dict[str, Any]

ORDER: Schema = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "$id": "https://shop.example/order",
    "type": "object",
    "required": ["id", "items"],
    "properties": {
        "id": {"type": "string", "pattern": "^[a-z]+(-[a-z0-9]+)*$"},
        "placedAt": {"type": "string", "format": "date-time"},
        "items": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/item"}},
    },
    "$defs": {
        "item": {
            "$anchor": "item",
            "type": "object",
            "required": ["id"],
            "properties": {"id": {"type": "integer", "minimum": 1}, "parts": {"items": {"$ref": "#item"}}},
            "additionalProperties": False,
        }
    },
}


@pytest.fixture
def compiled() -> CompiledSchemas:
    return CompiledSchemas(most=3)


@pytest.fixture
def schemas(compiled: CompiledSchemas) -> JsonSchemas:
    return Draft202012JsonSchemas(compiled, formats(LocalContactPoints(lambda url: None)))


def told(problems: object) -> list[tuple[str, str]]:
    assert isinstance(problems, tuple)
    assert all(isinstance(each, FieldProblem) for each in problems)
    return [(each.path, each.message) for each in problems]


def nested(levels: int) -> Schema:
    schema: Schema = {}
    for _ in range(levels - 1):
        schema = {"not": schema}
    return schema


def doubling(levels: int, last: Schema | None = None) -> Schema:
    """Each definition applies the next one twice."""
    steps = {f"d{n}": {"allOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 2} for n in range(levels)}
    return {"$ref": "#/$defs/d0", "$defs": {**steps, f"d{levels}": last or {"type": "object"}}}


@pytest.mark.parametrize(
    "schema",
    [
        {},
        ORDER,
        nested(50),
        {"allOf": [{"minProperties": 1}] * 900},
        {"$ref": "#/$defs/a~1b%25", "$defs": {"a/b%": {"type": "string"}}},
        {"properties": {"pattern": {"type": "string"}, "$ref": {"type": "string"}, "$id": {"type": "string"}}},
        {"enum": [{"$ref": "http://elsewhere.example"}, {"pattern": "("}], "x-note": {"pattern": "("}},
        {"type": "object", "properties": {"next": {"$ref": "#"}}},
    ],
    ids=["empty", "order", "deep", "wide", "escaped-pointer", "fields-named-like-keywords", "data", "recursive"],
)
def test_nothing_is_wrong_when_it_is_a_schema(schemas: JsonSchemas, schema: Schema) -> None:
    assert told(schemas.problems_of(schema)) == []


@pytest.mark.parametrize(
    ("schema", "path", "words"),
    [
        (True, "", "is not an object"),
        ([], "", "is not an object"),
        (nested(51), "", "is nested deeper than 50 levels"),
        ({"title": "x" * MAX_SCHEMA_BYTES}, "", "is larger than 64 kB"),
        ({"title": "\ud800"}, "", "contains a lone surrogate"),
        ({"maximum": 10**5000}, "", "contains a number of too many digits"),
        ({"allOf": [{}] * 1_001}, "", "has more than 1,000 schemas in it"),
        ({"type": "strin"}, ".type", "is not a type of JSON Schema"),
        ({"properties": {"a": {"minLength": -1}}}, ".properties.a.minLength", "is less than 0"),
        ({"items": [{}]}, ".items", "is not of type object or boolean"),
        ({"$schema": "http://json-schema.org/draft-07/schema#"}, ".$schema", "is not https://json-schema.org/draft"),
        ({"not": {"$schema": ORDER["$schema"]}}, ".not.$schema", "is allowed at the top of the schema alone"),
        ({"not": {"$id": "a"}}, ".not.$id", "is allowed at the top of the schema alone"),
        ({"$dynamicRef": "#a"}, ".$dynamicRef", "is not supported"),
        ({"items": {"$ref": "http://127.0.0.1/schema"}}, ".items.$ref", "leads out of this schema"),
        ({"$ref": "https://json-schema.org/draft/2020-12/schema"}, ".$ref", "leads out of this schema"),
        ({"$ref": "file:///etc/passwd"}, ".$ref", "leads out of this schema"),
        ({"$ref": "#/$defs/none"}, ".$ref", "leads to no schema in this one"),
        ({"$ref": "#/enum/0", "enum": [{"pattern": "(a+)+\\1"}]}, ".$ref", "leads to no schema in this one"),
        ({"$ref": "#"}, "", "refers to itself without end"),
        ({"$ref": "#/$defs/a", "$defs": {"a": {"not": {"$ref": "#"}}}}, "", "refers to itself without end"),
        ({"unevaluatedProperties": False, "patternProperties": {"a": {}}}, "", "uses unevaluatedProperties beside"),
        ({"items": {"pattern": "(a)\\1"}}, ".items.pattern", "'(a)\\\\1' has a back-reference, which is not supported"),
        ({"patternProperties": {"(?=a)": {}}}, ".patternProperties", "'(?=a)' has a look-around or a flag, which"),
        ({"pattern": "a{2000}"}, ".pattern", "'a{2000}' counts beyond 1,000: use minLength and maxLength"),
        ({"pattern": "((a{99}){99}){99}"}, ".pattern", "'((a{99}){99}){99}' is too large"),
        ({"pattern": "(" * 40 + ")" * 40}, ".pattern", "'" + "(" * 40 + ")" * 19 + " nests more than 30 groups"),
    ],
)
def test_it_says_what_and_where_when_a_schema_is_refused(
    schemas: JsonSchemas, schema: object, path: str, words: str
) -> None:
    found = told(schemas.problems_of(schema))

    assert found
    assert found[0][0] == f"payloadSchema{path}"
    assert found[0][1].startswith(words)


def test_a_bounded_number_is_told_when_a_schema_has_many_problems(schemas: JsonSchemas) -> None:
    schema = {"properties": {f"p{number}": {"type": 5} for number in range(200)}}

    assert len(schemas.problems_of(schema)) == MAX_PROBLEMS


def test_paths_are_those_of_the_api_when_values_do_not_fit(schemas: JsonSchemas) -> None:
    order = {"items": [{"id": 1}, {"id": 0, "colour": "red"}, {"parts": [{"id": "x"}]}], "placedAt": "yesterday"}

    assert sorted(told(schemas.check(ORDER, order))) == [
        ("payload.id", "is required"),
        ("payload.items[1].colour", "is not a known field"),
        ("payload.items[1].id", "is less than 1"),
        ("payload.items[2].id", "is required"),
        ("payload.items[2].parts[0].id", "is not of type integer"),
        ("payload.placedAt", "is not a valid date-time"),
    ]


def test_nothing_is_found_when_a_value_fits(schemas: JsonSchemas) -> None:
    order = {"id": "ord-7", "items": [{"id": 1.0}], "placedAt": "2026-03-01T12:00:00.5+01:00", "else": None}

    assert told(schemas.check(ORDER, order)) == []


def test_problems_lie_below_another_name_when_one_is_given(schemas: JsonSchemas) -> None:
    assert told(schemas.check({"required": ["a"]}, {}, at="steps[0].data")) == [("steps[0].data.a", "is required")]
    assert told(schemas.problems_of({"type": 1}, at="schema"))[0][0] == "schema.type"


@pytest.mark.parametrize(
    ("schema", "value", "words"),
    [
        ({"type": ["string", "null"]}, 1, "is not of type string or null"),
        ({"type": "integer"}, True, "is not of type integer"),
        ({"const": {"a": 1}}, {"a": 2}, "is not the only allowed value"),
        ({"enum": [1, 2]}, True, "is not one of the allowed values"),
        ({"pattern": "^a$"}, "a\n", "does not match the pattern ^a$"),
        ({"minLength": 2}, "a", "is shorter than 2 characters"),
        ({"maximum": 5}, 6, "is more than 5"),
        ({"multipleOf": 0.1}, 0.25, "is not a multiple of 0.1"),
        ({"uniqueItems": True}, [{"a": 1, "b": 2}, {"b": 2.0, "a": 1}], "has the same item twice"),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, 1, "fits none of the allowed forms"),
        ({"oneOf": [{"minimum": 1}, {"minimum": 2}]}, 3, "does not fit exactly one of the allowed forms"),
        ({"not": {}}, 1, "has a form that is not allowed"),
        ({"contains": {"const": 1}}, [2], "has too few or too many items of the wanted form"),
        ({"maxItems": 1}, [1, 2], "has more than 1 items"),
        ({"prefixItems": [{}], "items": False}, [1, 2], "has more items than allowed"),
        ({"unevaluatedProperties": False}, {"a": 1}, "has fields that the schema does not know"),
    ],
)
def test_it_says_what_is_wrong_when_a_value_does_not_fit(
    schemas: JsonSchemas, schema: Schema, value: object, words: str
) -> None:
    assert told(schemas.problems_of(schema)) == []
    assert told(schemas.check(schema, value)) == [("payload", words)]


@pytest.mark.parametrize(
    ("schema", "value", "path", "words"),
    [
        ({"properties": {"a": False}}, {"a": 1}, "payload.a", "is not allowed"),
        ({"propertyNames": {"maxLength": 1}}, {"ab": 1}, "payload.ab", "is not an allowed name"),
        ({"dependentRequired": {"a": ["b"]}}, {"a": 1}, "payload.b", "is required beside a"),
        ({"patternProperties": {"^x-": {"type": "string"}}}, {"x-a": 1}, "payload.x-a", "is not of type string"),
        ({"additionalProperties": {"type": "string"}}, {"a": 1}, "payload.a", "is not of type string"),
        (
            {"patternProperties": {"^x-": {}}, "additionalProperties": False},
            {"y": 1},
            "payload.y",
            "is not a known field",
        ),
    ],
)
def test_the_member_is_named_when_an_object_does_not_fit(
    schemas: JsonSchemas, schema: Schema, value: object, path: str, words: str
) -> None:
    assert told(schemas.check(schema, value)) == [(path, words)]


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        (
            "date-time",
            ["2026-03-01T12:00:00Z", "2016-12-31t23:59:60z"],
            ["2026-03-01T12:00:00", "2026-02-30T12:00:00Z"],
        ),
        (
            "date-time",
            ["0001-01-01T00:00:00Z"],
            ["2026-03-01 12:00:00Z", "2026-03-01T12:00:60Z", "٢026-03-01T12:00:00Z"],
        ),
        ("date", ["2024-02-29"], ["2026-02-29", "20260301", "2026-3-1", "2026-03-01T00:00:00Z"]),
        ("email", ["ann@example.org", "ann@bücher.example"], ["ann", "ann@", "a b@example.org", "a@b@example.org"]),
        (
            "uri",
            ["https://example.org/a?b#c", "mailto:a@example.org", "urn:x:y"],
            ["/a", "a b:c", "http://[::1", "http://a:b"],
        ),
        ("uuid", ["01890a5d-ac96-774b-bcce-b302099a8057"], ["01890a5dac96774bbcceb302099a8057", "x"]),
        ("hostname", ["not judged: !"], []),
    ],
)
def test_formats_that_matter_are_asserted(schemas: JsonSchemas, name: str, good: list[str], bad: list[str]) -> None:
    schema = {"format": name}

    assert [text for text in good if schemas.check(schema, text)] == []
    assert [text for text in bad if not schemas.check(schema, text)] == []
    assert not schemas.check(schema, 7)


def test_no_message_repeats_the_value_when_it_is_wrong(schemas: JsonSchemas) -> None:
    secret = "4111-1111"
    wants: list[Schema] = [
        {"type": "null"}, {"enum": ["a"]}, {"const": "a"}, {"pattern": "^a"}, {"maxLength": 1}, {"format": "uuid"},
        {"anyOf": [{"type": "null"}]}, {"oneOf": [{"type": "null"}]}, {"not": {"type": "string"}},
    ]  # fmt: skip
    for want in wants:
        found = told(schemas.check({"properties": {"card": want}}, {"card": secret}))
        assert [path for path, _ in found] == ["payload.card"]
        assert secret not in found[0][1]


def test_a_bounded_number_is_told_when_a_value_has_many_problems(schemas: JsonSchemas) -> None:
    assert len(schemas.check({"items": {"type": "string"}}, [1] * 200)) == MAX_PROBLEMS


@pytest.mark.parametrize(
    "pattern",
    ["(a+)+$", "([a-zA-Z]+)*$", "(a|aa)+$", "(a|a?)+$", "^(a?){40}a{40}$", "^(([a-z])+.)+[A-Z]([a-z])+$", "(x+x+)+y"],
)
def test_a_pattern_is_judged_when_backtracking_would_take_years(schemas: JsonSchemas, pattern: str) -> None:
    assert told(schemas.problems_of({"pattern": pattern})) == []
    assert told(schemas.check({"pattern": pattern}, "a" * 2_000 + "!")) in (
        [],
        [("payload", f"does not match the pattern {pattern}")],
    )
    names = {"patternProperties": {pattern: {}}, "additionalProperties": False}
    assert len(schemas.check(names, {"a" * 2_000 + "!": 1})) <= 1


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        (doubling(60), {}),
        ({"pattern": "(.*a){50}$"}, "a" * 200_000),
        ({"allOf": [{"items": {}}] * 900}, list(range(50_000))),
        (doubling(16, {"const": [[n] for n in range(5_000)]}), [[n] for n in range(5_000)]),
        ({"multipleOf": 0.1}, 10**400),
    ],
    ids=["doubling", "large-pattern", "wide", "large-constants", "number-beyond-floats"],
)
def test_it_is_a_problem_of_the_value_when_the_answer_would_cost_too_much(
    schemas: JsonSchemas, schema: Schema, value: object
) -> None:
    assert ("payload", "costs too much to check by its schema") in told(schemas.check(schema, value))


def test_it_is_a_problem_of_the_value_when_that_is_nested_beyond_reason(schemas: JsonSchemas) -> None:
    value: object = 1
    for _ in range(5_000):
        value = [value]

    assert told(schemas.check({"items": {"$ref": "#"}}, value)) == [
        ("payload", "costs too much to check by its schema")
    ]


def test_a_large_value_is_checked_when_it_is_an_ordinary_one(schemas: JsonSchemas) -> None:
    schema = {
        "type": "array",
        "items": {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}},
    }

    assert told(schemas.check(schema, [{"id": "x" * 40}] * 5_000)) == []


def test_schemas_are_kept_by_what_they_say_when_they_are_used_again(
    compiled: CompiledSchemas, schemas: JsonSchemas
) -> None:
    for _ in range(3):
        schemas.check({"minimum": 1}, 1)
    assert len(compiled) == 1
    assert schemas.check({"minimum": 2}, 1)
    assert not schemas.check({"minimum": 1}, 1)


def test_memory_stays_bounded_when_schemas_are_many(compiled: CompiledSchemas, schemas: JsonSchemas) -> None:
    for number in range(10):
        schemas.check({"minimum": number}, 100)

    assert len(compiled) == 3


def test_a_schema_that_is_no_dict_is_read_as_one(schemas: JsonSchemas) -> None:
    class Frozen(Mapping[str, Any]):
        def __init__(self, of: dict[str, Any]) -> None:
            self._of = of

        def __getitem__(self, name: str) -> Any:
            return self._of[name]

        def __iter__(self) -> Any:
            return iter(self._of)

        def __len__(self) -> int:
            return len(self._of)

    schema = Frozen({"properties": Frozen({"a": Frozen({"type": ("string", "null")})})})

    assert told(schemas.problems_of(schema)) == []
    assert told(schemas.check(schema, Frozen({"a": 1}))) == [("payload.a", "is not of type string or null")]
