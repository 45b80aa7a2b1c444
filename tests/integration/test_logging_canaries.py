"""No planted secret reaches any sink, whichever way it is logged."""

import io
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import structlog

from domain.identity.api_key import compose
from infrastructure.observability.contextvars_trace import ContextvarsTraceContext
from infrastructure.observability.logging_runtime import LoggingOptions, start_logging
from infrastructure.observability.structlog_log import StructlogLog
from infrastructure.system.ids import UuidV7Ids

# What is planted, and the part of it that must never be seen. Recognised by their looks alone.
BY_LOOKS = {
    compose("C4n4ryC4n4ryC4n4ryC4n4ryC4n4ry").text: "C4n4ry",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.Y2FuYXJ5c2lnbmF0dXJl": "Y2FuYXJ5",
    "whsec_Y2FuYXJ5Y2FuYXJ5Y2FuYXJ5Y2FuYXJ5": "Y2FuYXJ5Y2FuYXJ5",
    "Authorization: Bearer canary-bearer": "canary-bearer",
    "Authorization: ApiKey canary-apikey": "canary-apikey",
    "Authorization: Basic Y2FuYXJ5OmJhc2lj": "Y2FuYXJ5OmJhc2lj",
    "Cookie: theme=dark; __Host-session=canary-session": "canary-session",
    "postgresql+asyncpg://carillon:canary-dsn@db:5432/carillon": "canary-dsn",
    "redis://:canary-redis@cache:6379/0": "canary-redis",
    "/sse/notifications?lastEventId=1-2&ticket=canary-ticket": "canary-ticket",
    '{"password": "canary-json", "id": 1}': "canary-json",
    "{'client_secret': 'canary-repr'}": "canary-repr",
    "password=canary-assigned": "canary-assigned",
    "-----BEGIN PRIVATE KEY-----\ncanary-pem\n-----END PRIVATE KEY-----": "canary-pem",
    "https://hooks.slack.com/services/T0/B0/canary-slack": "canary-slack",
    "canary.person@example.org": "canary.person",
    "+49 171 2345678": "2345",
}
# Recognised by the name of their field alone.
BY_NAME = {
    "password": "canary-named-password", "auth_secret": "canary-named-secret", "sseTicket": "canary-named-ticket",
    "X-Api-Key": "canary-named-key", "cookie": "canary-named-cookie", "credentials": "canary-named-credentials",
    "body": "canary-named-body", "payload": "canary-named-payload", "smtp_token": "canary-named-token",
    "phone": "0171-canary-2345", "customer_number": "canary-named-by-operator",
}  # fmt: skip
FORBIDDEN = (*BY_LOOKS.values(), *BY_NAME.values())

LOG = StructlogLog("carillon.canary")
STDLIB = logging.getLogger("some.library")


@dataclass(frozen=True)
class _Record:
    detail: str


class _Failure(Exception):
    def __str__(self) -> str:
        return f"refused: {self.args[0]}"


def _raise_with_cause(text: str) -> BaseException:
    try:
        try:
            raise _Failure(text)
        except _Failure as cause:
            cause.add_note(f"note {text}")
            raise ExceptionGroup(f"several {text}", [ValueError(text)]) from cause
    except ExceptionGroup as raised:
        return raised


def _in_scope(text: str) -> None:
    with ContextvarsTraceContext(UuidV7Ids()).scope(None, request_id=text, user_agent=text):
        LOG.info("canary")


WAYS: dict[str, Callable[[str], None]] = {
    "event": LOG.info,
    "field": lambda text: LOG.info("canary", detail=text),
    "list": lambda text: LOG.info("canary", many=["a", (text,), {text}]),
    "mapping": lambda text: LOG.info("canary", map={"a": {"b": [text]}, text: 1}),
    "bytes": lambda text: LOG.info("canary", raw=text.encode(), header=(b"x-custom", text.encode())),
    "object": lambda text: LOG.info("canary", record=_Record(text), error=_Failure(text)),
    "long": lambda text: LOG.info("canary", detail="x" * 4_080 + " " + text + " " + "y" * 9_000),
    "exception": lambda text: LOG.exception("canary", _raise_with_cause(text)),
    "trace field": _in_scope,
    "library message": lambda text: STDLIB.warning(text.replace("%", "%%")),
    "library arguments": lambda text: STDLIB.warning("%s and %r", text, {"a": text}),
    "library exception": lambda text: STDLIB.warning("failed", exc_info=_raise_with_cause(text)),
    "library structlog": lambda text: structlog.stdlib.get_logger("other").warning("canary", detail=text, **{text: 1}),
}


def plant() -> int:
    """Every secret in every way; returns the number of lines."""
    for way in WAYS.values():
        for secret in BY_LOOKS:
            way(secret)
    LOG.info("canary", **BY_NAME)
    LOG.info("canary", nested={"deeper": [BY_NAME]}, headers=[(k.encode(), v.encode()) for k, v in BY_NAME.items()])
    structlog.stdlib.get_logger("other").warning("canary", **BY_NAME)
    return len(WAYS) * len(BY_LOOKS) + 3


@pytest.mark.parametrize("line_format", ["console", "json"])
def test_no_canary_is_seen_when_planted_in_every_way_through_every_sink(line_format: str, tmp_path: Path) -> None:
    console = io.StringIO()
    options = LoggingOptions(
        env="test",
        level="debug",
        line_format="json" if line_format == "json" else "console",
        sinks=("console", "file"),
        directory=tmp_path,
        max_bytes=500_000,
        backup_count=100,
        redact_keys=("customer_number",),
    )
    runtime = start_logging(options, stream=console)
    planted = plant()
    assert runtime.stop()
    assert runtime.lost() == {"console": {}, "file": {}}
    files = "".join(file.read_text() for file in tmp_path.iterdir())
    for text in (console.getvalue(), files):
        assert [canary for canary in FORBIDDEN if canary in text] == []
        if line_format == "json":
            assert len([json.loads(line) for line in text.splitlines()]) == planted


def test_every_canary_is_seen_when_nothing_redacts(monkeypatch: pytest.MonkeyPatch) -> None:
    # Proves that the test above can fail: the same ways, with the gate open.
    monkeypatch.setattr(
        "infrastructure.observability.logging_runtime.Redactor",
        lambda _keys: lambda _logger, _method, event: {name: str(value) for name, value in event.items()},
    )
    console = io.StringIO()
    runtime = start_logging(LoggingOptions(env="test", level="debug"), stream=console)
    plant()
    runtime.stop()
    assert [canary for canary in FORBIDDEN if canary not in console.getvalue()] == []
