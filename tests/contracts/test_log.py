"""What every log must do, whatever it writes to."""

import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from application.ports.log import Log
from infrastructure.observability.contextvars_trace import ContextvarsTraceContext
from infrastructure.observability.logging_runtime import LoggingOptions, start_logging
from infrastructure.observability.memory_log import MemoryLog
from infrastructure.observability.structlog_log import StructlogLog
from infrastructure.system.ids import UuidV7Ids


@dataclass(frozen=True, slots=True)
class Line:
    level: str
    event: str
    fields: dict[str, object]
    error_type: str | None


@dataclass(frozen=True, slots=True)
class Harness:
    log: Log
    lines: Callable[[], list[Line]]


def memory() -> Iterator[Harness]:
    log = MemoryLog()

    def lines() -> list[Line]:
        return [
            Line(each.level, each.event, dict(each.fields), type(each.exc).__name__ if each.exc else None)
            for each in log.lines()
        ]

    yield Harness(log, lines)


def structlog() -> Iterator[Harness]:
    stream = io.StringIO()
    runtime = start_logging(LoggingOptions(env="test", level="debug"), stream=stream)

    def lines() -> list[Line]:
        runtime.stop()
        written = [json.loads(line) for line in stream.getvalue().splitlines()]
        return [Line(each["level"], each["event"], each, each.get("error_type")) for each in written]

    yield Harness(StructlogLog("carillon.test"), lines)
    runtime.stop()


@pytest.fixture(params=[memory, structlog])
def harness(request: pytest.FixtureRequest) -> Iterator[Harness]:
    yield from request.param()


@pytest.mark.parametrize("level", ["debug", "info", "warning", "error", "critical"])
def test_line_has_level_event_and_fields_when_written(harness: Harness, level: str) -> None:
    getattr(harness.log, level)("job.started", job_id="j1", attempt=2)
    [line] = harness.lines()
    assert (line.level, line.event) == (level, "job.started")
    assert line.fields["job_id"] == "j1"
    assert line.fields["attempt"] == 2


def test_line_names_the_exception_when_one_is_given(harness: Harness) -> None:
    harness.log.exception("job.failed", LookupError("gone"), job_id="j1")
    [line] = harness.lines()
    assert (line.level, line.event, line.error_type) == ("error", "job.failed", "LookupError")
    assert line.fields["job_id"] == "j1"


def test_line_carries_the_fields_of_its_trace_when_a_scope_is_open(harness: Harness) -> None:
    trace = ContextvarsTraceContext(UuidV7Ids())
    with trace.scope(None, tenant_id="default", role="viewer"):
        trace.bind(actor="user:u1")
        harness.log.info("settings.changed", role="admin")
    harness.log.info("scope.closed")
    inside, outside = harness.lines()
    assert inside.fields["tenant_id"] == "default"
    assert inside.fields["actor"] == "user:u1"
    assert inside.fields["role"] == "admin"
    assert not {"tenant_id", "actor", "role"} & outside.fields.keys()


class _Hostile:
    def __repr__(self) -> str:
        raise RuntimeError("no repr today")


@pytest.mark.parametrize(
    "fields",
    [
        {"event": "another", "self": 1, "exc": 2, "args": 3, "name": 4, "message": 5},
        {"level": "gold", "logger": "mine", "timestamp": "never"},
        {"value": _Hostile(), "lone": "\ud800", "large": 10**5000, "nan": float("nan"), "raw": b"\xff\x00"},
        {"nested": {"deeper": [{"and": ({"deeper"},)}]}, "percent": "%s %d", "type": int},
        {"exc_info": ("not", "an", "exception"), "stack_info": 7},
    ],
    ids=["reserved", "ours", "unprintable", "nested", "machinery"],
)
def test_never_raises_when_fields_are_strange(harness: Harness, fields: dict[str, object]) -> None:
    harness.log.info("strange.fields", **fields)
    assert [line.event for line in harness.lines()] == ["strange.fields"]


def test_fields_are_those_of_the_call_when_changed_afterwards(harness: Harness) -> None:
    fields = {"attempt": 1}
    harness.log.info("job.started", **fields)
    fields["attempt"] = 2
    assert harness.lines()[0].fields["attempt"] == 1
