"""What answers over HTTP mean where a vendor's documentation says nothing more precise."""

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Final

import msgspec

from application.ports.http_client import HttpFailure, HttpFailureKind, HttpResponse
from application.ports.notification_channel import JsonValue, SendReport
from domain.notifications.attempt import AttemptOutcome
from infrastructure.channels.provider_words import quoted
from infrastructure.channels.webhook.answers import retry_after

_PASSING = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY})
_NEVER_REACHED: Final = frozenset({"invalid_request"})


def report_of_failure(failure: HttpFailure, tech: str) -> SendReport:
    """No answer from an endpoint that configuration names; `tech` is the left part of the error code.

    A blocked or malformed URL is the installation's mistake there. For a URL that a subscriber gave, replace the
    outcome of those two by `recipient_permanent`.
    """
    if failure.kind is HttpFailureKind.BLOCKED:
        return SendReport(
            outcome=AttemptOutcome.PROVIDER_PERMANENT, error_code=f"{tech}.blocked", detail="address not allowed"
        )
    if failure.kind is HttpFailureKind.AMBIGUOUS:
        return SendReport(outcome=AttemptOutcome.AMBIGUOUS, error_code=f"{tech}.{failure.reason}")
    final = failure.reason in _NEVER_REACHED
    outcome = AttemptOutcome.PROVIDER_PERMANENT if final else AttemptOutcome.RETRYABLE
    return SendReport(outcome=outcome, error_code=f"{tech}.{failure.reason}")


def report_of_status(response: HttpResponse, tech: str, *, now: datetime, secrets: tuple[str, ...]) -> SendReport:
    """By status alone: `<tech>.throttled` or `<tech>.http_<status>`; `secrets` never come back in `detail`."""
    outcome = outcome_of_status(response.status)
    if outcome is AttemptOutcome.OK:
        return SendReport(outcome=outcome, status_code=response.status)
    word = "throttled" if outcome is AttemptOutcome.THROTTLED else f"http_{response.status}"
    return SendReport(
        outcome=outcome,
        status_code=response.status,
        error_code=f"{tech}.{word}",
        detail=quoted(response.body, secrets=secrets),
        retry_after=retry_after_of(response, now),
    )


def retry_after_of(response: HttpResponse, now: datetime) -> float | None:
    """Seconds that `Retry-After` asks for (RFC 9110 10.2.3), unclamped; None without one that can be read."""
    return retry_after(response.headers.get("retry-after"), now=now)


def json_of(response: HttpResponse) -> Mapping[str, JsonValue]:
    """The body as a JSON object; empty when it is anything else. Never raises."""
    try:
        answer = msgspec.json.decode(response.body)
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        return {}
    return answer if isinstance(answer, dict) else {}


def outcome_of_status(status: int) -> AttemptOutcome:
    """A redirect is an error of configuration: it is not followed, as it would carry the credentials elsewhere."""
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return AttemptOutcome.OK
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return AttemptOutcome.THROTTLED
    if status in _PASSING or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return AttemptOutcome.RETRYABLE
    return AttemptOutcome.PROVIDER_PERMANENT
