"""The default meaning of answers over HTTP."""

from datetime import UTC, datetime

import pytest

from application.ports.http_client import HttpFailure, HttpFailureKind, HttpResponse
from domain.notifications.attempt import AttemptOutcome
from infrastructure.channels.http_answers import (
    json_of,
    outcome_of_status,
    report_of_failure,
    report_of_status,
    retry_after_of,
)

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
OK, RETRYABLE, THROTTLED = AttemptOutcome.OK, AttemptOutcome.RETRYABLE, AttemptOutcome.THROTTLED
OURS, AMBIGUOUS = AttemptOutcome.PROVIDER_PERMANENT, AttemptOutcome.AMBIGUOUS


def response(status: int = 400, body: bytes = b"", **headers: str) -> HttpResponse:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return HttpResponse(status=status, headers=named, body=body)


@pytest.mark.parametrize(
    ("kind", "reason", "outcome", "error_code"),
    [
        (HttpFailureKind.NOT_SENT, "dns", RETRYABLE, "tech.dns"),
        (HttpFailureKind.NOT_SENT, "connect", RETRYABLE, "tech.connect"),
        (HttpFailureKind.NOT_SENT, "tls", RETRYABLE, "tech.tls"),
        (HttpFailureKind.NOT_SENT, "timeout", RETRYABLE, "tech.timeout"),
        (HttpFailureKind.NOT_SENT, "invalid_request", OURS, "tech.invalid_request"),
        (HttpFailureKind.AMBIGUOUS, "timeout", AMBIGUOUS, "tech.timeout"),
        (HttpFailureKind.AMBIGUOUS, "reset", AMBIGUOUS, "tech.reset"),
        (HttpFailureKind.BLOCKED, "refused", OURS, "tech.blocked"),
    ],
)
def test_a_failure_says_whether_a_repeat_is_safe(
    kind: HttpFailureKind, reason: str, outcome: AttemptOutcome, error_code: str
) -> None:
    report = report_of_failure(HttpFailure(kind=kind, reason=reason), "tech")
    assert (report.outcome, report.error_code) == (outcome, error_code)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (0, OURS),
        (200, OK),
        (204, OK),
        (299, OK),
        (301, OURS),
        (307, OURS),
        (400, OURS),
        (401, OURS),
        (403, OURS),
        (404, OURS),
        (408, RETRYABLE),
        (413, OURS),
        (425, RETRYABLE),
        (429, THROTTLED),
        (500, RETRYABLE),
        (503, RETRYABLE),
        (599, RETRYABLE),
    ],
)
def test_a_status_has_a_meaning(status: int, outcome: AttemptOutcome) -> None:
    assert outcome_of_status(status) is outcome


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b'{"a": [1, null]}', {"a": [1, None]}),
        (b"{}", {}),
        (b"", {}),
        (b"[1]", {}),
        (b'"a"', {}),
        (b"null", {}),
        (b"<html>", {}),
        (b'{"a": 1', {}),
        (b'{"a": "\xff"}', {}),
        (b'{"a": "\\ud800"}', {}),
        (b'{"a": 1e999999}', {}),
        (b"[" * 100_000, {}),
        (b'{"a":' * 100_000, {}),
    ],
)
def test_a_body_is_an_object_or_nothing(body: bytes, found: dict[str, object]) -> None:
    assert json_of(response(body=body)) == found


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry_after": "7"}, 7.0),
        ({"retry_after": "Sun, 01 Mar 2026 12:01:00 GMT"}, 60.0),
        ({"retry_after": "Sun, 01 Mar 2026 11:00:00 GMT"}, 0.0),
        ({"retry_after": "soon"}, None),
        ({}, None),
    ],
)
def test_it_is_told_when_to_come_back(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after_of(response(429, b"", **headers), NOON) == seconds


def test_a_report_holds_the_words_without_the_secrets() -> None:
    report = report_of_status(response(503, b"no\n t0ken", retry_after="7"), "tech", now=NOON, secrets=("t0ken",))
    assert (report.outcome, report.status_code, report.error_code) == (RETRYABLE, 503, "tech.http_503")
    assert (report.detail, report.retry_after) == ("no  [hidden]", 7.0)


def test_a_report_of_a_success_holds_no_words() -> None:
    report = report_of_status(response(202, b"accepted"), "tech", now=NOON, secrets=())
    assert (report.outcome, report.status_code, report.error_code, report.detail) == (OK, 202, None, None)


def test_too_much_has_a_word_of_its_own() -> None:
    assert report_of_status(response(429), "tech", now=NOON, secrets=()).error_code == "tech.throttled"
