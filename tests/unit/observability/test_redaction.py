import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from http import HTTPStatus
from pathlib import Path
from uuid import UUID

import pytest

from infrastructure.observability.redaction import BEYOND, TRACEBACK_LIMIT, VALUE_LIMIT, Redactor


def redacted(**fields: object) -> Mapping[str, object]:
    result = Redactor()(None, "", fields)
    assert isinstance(result, Mapping)
    return result


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        ({"password": "hunter2"}, {"password": "***"}),
        ({"pin": 1234}, {"pin": "***"}),
        ({"token": None, "has_token": True}, {"token": None, "has_token": True}),
        ({"secret": {"nested": "hunter2"}, "credentials": ["a", "b"]}, {"secret": "***", "credentials": "***"}),
        ({"user": {"name": "u1", "password": "hunter2"}}, {"user": {"name": "u1", "password": "***"}}),
        ({"deep": [{"a": ({"api_key": "hunter2"},)}]}, {"deep": [{"a": [{"api_key": "***"}]}]}),
        ({"headers": [(b"cookie", b"sid=1"), (b"host", b"x")]}, {"headers": [["cookie", "***"], ["host", "x"]]}),
        ({"url": "redis://:hunter2@cache/0"}, {"url": "redis://:***@cache/0"}),
        ({"to": "alice@example.org"}, {"to": "a***@example.org"}),
        ({"phone": "0171 2345678"}, {"phone": "01***78"}),
        ({"phone": 491712345678}, {"phone": "49***78"}),
        ({"phone": b"0171 2345678", "phones": ["0171 2345678"]}, {"phone": "01***78", "phones": "***"}),
        ({"counts": {"alice@example.org": 3}}, {"counts": {"a***@example.org": 3}}),
        ({"raw": b"Bearer abc \xff"}, {"raw": "Bearer *** \\xff"}),
        ({"error": ValueError("password=hunter2")}, {"error": "ValueError: password=***"}),
        ({"exception": "ValueError: Bearer abc"}, {"exception": "ValueError: Bearer ***"}),
    ],
)
def test_hides_secrets_when_they_are_nested_anywhere(fields: dict[str, object], shown: dict[str, object]) -> None:
    assert redacted(**fields) == shown


def test_hides_what_the_operator_listed_when_it_is_a_field() -> None:
    result = Redactor(["iban"])(None, "", {"customerIban": "DE02120300000000202051", "bank": "b"})
    assert result == {"customerIban": "***", "bank": "b"}


class _Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True)
class _Login:
    user: str
    password: str


class _Unprintable:
    def __repr__(self) -> str:
        raise RuntimeError


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (UUID(int=7), "00000000-0000-0000-0000-000000000007"),
        (datetime(2026, 1, 2, tzinfo=UTC), "2026-01-02T00:00:00+00:00"),
        (Decimal("1.50"), "1.50"),
        (Path("/data/logs"), "/data/logs"),
        (_Colour.RED, "red"),
        (HTTPStatus.ACCEPTED, 202),
        (1.5, 1.5),
        (True, True),
        (2**64, "[large number]"),
        (_Login("u1", "hunter2"), "_Login(user='u1', password=***)"),
        (_Unprintable(), "[unprintable _Unprintable]"),
        ("lone \ud800", "lone \\ud800"),
    ],
)
def test_returns_plain_json_types_when_values_are_not(value: object, shown: object) -> None:
    result = redacted(value=value)["value"]
    assert result == shown
    assert type(result) is type(shown)


def test_cuts_a_value_when_it_is_long_without_showing_half_a_secret() -> None:
    before = "x" * (VALUE_LIMIT - 20)
    value = str(redacted(text=f"{before} alice.the.great@example.org {'y' * 100_000}")["text"])
    assert len(value) < VALUE_LIMIT + 20
    assert "alice" not in value
    assert value.endswith("[cut]")


def test_keeps_both_ends_when_a_traceback_is_long() -> None:
    value = str(redacted(exception="first cause\n" + "frame\n" * 5_000 + "last error")["exception"])
    assert len(value) < TRACEBACK_LIMIT + 20
    assert value.startswith("first cause")
    assert value.endswith("last error")


def test_stops_when_structures_are_deep_or_contain_themselves() -> None:
    endless: list[object] = []
    endless.append(endless)
    assert BEYOND in str(redacted(endless=endless))


def test_stops_when_there_are_very_many_values() -> None:
    result = Redactor(max_nodes=50)(None, "", {"many": list(range(10_000)), "map": {str(n): n for n in range(10_000)}})
    assert isinstance(result, Mapping)
    assert result["many"][:3] == [0, 1, 2]
    assert result["many"][-1] == BEYOND
    assert len(json.dumps(result)) < 1_000


def test_leaves_the_callers_data_alone_when_redacting() -> None:
    given = {"user": {"password": "hunter2"}, "to": ["alice@example.org"]}
    redacted(**given)
    assert given == {"user": {"password": "hunter2"}, "to": ["alice@example.org"]}


def test_remembers_no_secret_when_lines_repeat() -> None:
    redactor = Redactor()
    for _ in range(3):
        redactor(None, "", {"a": "Bearer hunter2", "b": "clean", "password": "hunter2"})
    assert redactor._text._clean == {"a", "b", "clean", "password"}


def test_memory_of_clean_text_stays_bounded_when_every_line_is_new() -> None:
    redactor = Redactor()
    for number in range(10_000):
        redactor(None, "", {"n": f"value {number}"})
    assert len(redactor._text._clean) <= 4_096
