"""What an endpoint's answer means for the delivery."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final

from application.ports.http_client import HttpFailure, HttpFailureKind, HttpResponse
from application.ports.notification_channel import SendReport
from domain.notifications.attempt import AttemptOutcome
from infrastructure.channels.provider_words import quoted

_RETRYABLE: Final = AttemptOutcome.RETRYABLE
_PERMANENT: Final = AttemptOutcome.RECIPIENT_PERMANENT
_NEVER_SUPPORTED = frozenset({HTTPStatus.NOT_IMPLEMENTED, HTTPStatus.HTTP_VERSION_NOT_SUPPORTED})
_PASSING = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY})
_MAX_DIGITS = 12


def report_of_response(response: HttpResponse, *, now: datetime, secrets: tuple[str, ...]) -> SendReport:
    """Classify by status; `secrets` never come back in `detail`.

    A redirect is the endpoint's misconfiguration and as final as a 404: following it would hand the message, and the
    address check, to whoever answers.
    """
    outcome, error_code = _classified(response.status)
    if outcome is AttemptOutcome.OK:
        return SendReport(outcome=outcome, status_code=response.status)
    return SendReport(
        outcome=outcome,
        status_code=response.status,
        error_code=error_code,
        detail=quoted(response.body, secrets=secrets),
        retry_after=None if outcome is _PERMANENT else retry_after(response.headers.get("retry-after"), now=now),
        gone=response.status == HTTPStatus.GONE,
    )


def report_of_failure(failure: HttpFailure) -> SendReport:
    if failure.kind is HttpFailureKind.BLOCKED:
        return SendReport(outcome=_PERMANENT, error_code="webhook.blocked_ip", detail="address not allowed")
    if failure.kind is HttpFailureKind.AMBIGUOUS:
        return SendReport(outcome=AttemptOutcome.AMBIGUOUS, error_code=f"webhook.{failure.reason}")
    outcome = _PERMANENT if failure.reason == "invalid_request" else _RETRYABLE
    return SendReport(outcome=outcome, error_code=f"webhook.{failure.reason}")


def retry_after(value: str | None, *, now: datetime) -> float | None:
    """Seconds asked for (RFC 9110 10.2.3), unclamped; 0 for a time that has passed, None for what cannot be read."""
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        return float(text) if len(text) <= _MAX_DIGITS else None
    try:
        asked = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    asked = asked if asked.tzinfo else asked.replace(tzinfo=UTC)
    return max(0.0, (asked - now).total_seconds())


def _classified(status: int) -> tuple[AttemptOutcome, str | None]:
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return AttemptOutcome.OK, None
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        return _PERMANENT, "webhook.redirect"
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return AttemptOutcome.THROTTLED, "webhook.throttled"
    if status == HTTPStatus.GONE:
        return _PERMANENT, "webhook.gone"
    refused = HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR and status not in _PASSING
    return _PERMANENT if refused or status in _NEVER_SUPPORTED else _RETRYABLE, f"webhook.http_{status}"
