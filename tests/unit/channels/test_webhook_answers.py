from datetime import UTC, datetime

import pytest

from application.ports.http_client import HttpFailure, HttpFailureKind, HttpResponse
from domain.notifications.attempt import AttemptOutcome
from infrastructure.channels.webhook.answers import report_of_failure, report_of_response, retry_after

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
OK, RETRY, SLOWER = AttemptOutcome.OK, AttemptOutcome.RETRYABLE, AttemptOutcome.THROTTLED
RECIPIENT, UNCLEAR = AttemptOutcome.RECIPIENT_PERMANENT, AttemptOutcome.AMBIGUOUS


@pytest.mark.parametrize(
    ("status", "outcome", "error_code"),
    [
        (101, RETRY, "webhook.http_101"),
        (200, OK, None),
        (204, OK, None),
        (299, OK, None),
        (300, RECIPIENT, "webhook.redirect"),
        (302, RECIPIENT, "webhook.redirect"),
        (308, RECIPIENT, "webhook.redirect"),
        (400, RECIPIENT, "webhook.http_400"),
        (401, RECIPIENT, "webhook.http_401"),
        (404, RECIPIENT, "webhook.http_404"),
        (408, RETRY, "webhook.http_408"),
        (410, RECIPIENT, "webhook.gone"),
        (425, RETRY, "webhook.http_425"),
        (429, SLOWER, "webhook.throttled"),
        (499, RECIPIENT, "webhook.http_499"),
        (500, RETRY, "webhook.http_500"),
        (501, RECIPIENT, "webhook.http_501"),
        (502, RETRY, "webhook.http_502"),
        (503, RETRY, "webhook.http_503"),
        (504, RETRY, "webhook.http_504"),
        (505, RECIPIENT, "webhook.http_505"),
        (599, RETRY, "webhook.http_599"),
    ],
)
def test_a_status_means_what_may_be_tried_next(status: int, outcome: AttemptOutcome, error_code: str | None) -> None:
    report = report_of_response(HttpResponse(status=status, headers={}, body=b""), now=NOW, secrets=())
    assert (report.outcome, report.error_code, report.status_code) == (outcome, error_code, status)
    assert report.gone is (status == 410)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0.0),
        ("120", 120.0),
        (" 7 ", 7.0),
        ("1000000000", 1e9),
        ("Sun, 01 Mar 2026 12:02:00 GMT", 120.0),
        ("Sunday, 01-Mar-26 12:02:00 GMT", 120.0),
        ("Sun, 01 Mar 2026 12:02:00", 120.0),
        ("Sun, 01 Mar 2026 11:00:00 GMT", 0.0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
        ("1e9", None),
        ("-5", None),
        ("3.5", None),
        ("soon", None),
        ("", None),
        (None, None),
        ("\u0663", None),
        ("9" * 400, None),
        ("Sun, 99 Mar 99999 99:99:99 GMT", None),
    ],
)
def test_f15_retry_after_is_read_unclamped_and_garbage_is_ignored(value: str | None, seconds: float | None) -> None:
    assert retry_after(value, now=NOW) == seconds


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_reported_when_a_retry_makes_sense(status: int) -> None:
    response = HttpResponse(status=status, headers={"retry-after": "86400000"}, body=b"")
    assert report_of_response(response, now=NOW, secrets=()).retry_after == 86_400_000


def test_retry_after_is_dropped_when_no_retry_follows() -> None:
    response = HttpResponse(status=404, headers={"retry-after": "5"}, body=b"")
    assert report_of_response(response, now=NOW, secrets=()).retry_after is None


@pytest.mark.parametrize(
    ("kind", "reason", "outcome", "error_code"),
    [
        (HttpFailureKind.BLOCKED, "refused", RECIPIENT, "webhook.blocked_ip"),
        (HttpFailureKind.AMBIGUOUS, "timeout", UNCLEAR, "webhook.timeout"),
        (HttpFailureKind.AMBIGUOUS, "reset", UNCLEAR, "webhook.reset"),
        (HttpFailureKind.NOT_SENT, "timeout", RETRY, "webhook.timeout"),
        (HttpFailureKind.NOT_SENT, "dns", RETRY, "webhook.dns"),
        (HttpFailureKind.NOT_SENT, "tls", RETRY, "webhook.tls"),
        (HttpFailureKind.NOT_SENT, "invalid_request", RECIPIENT, "webhook.invalid_request"),
    ],
)
def test_a_failure_means_what_may_be_tried_next(
    kind: HttpFailureKind, reason: str, outcome: AttemptOutcome, error_code: str
) -> None:
    report = report_of_failure(HttpFailure(kind=kind, reason=reason))
    assert (report.outcome, report.error_code, report.status_code) == (outcome, error_code, None)


def test_b30_a_blocked_address_tells_nothing_of_what_answered() -> None:
    report = report_of_failure(HttpFailure(kind=HttpFailureKind.BLOCKED, reason="refused"))
    assert report.detail == "address not allowed"
