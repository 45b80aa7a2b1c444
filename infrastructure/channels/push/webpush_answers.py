"""What a push service's answers mean for a subscription (RFC 8030 5 and 7.3, RFC 8292 4.2)."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from application.ports.http_client import HttpFailure, HttpFailureKind, HttpResponse
from application.ports.notification_channel import SendReport
from domain.notifications.attempt import AttemptOutcome
from infrastructure.channels.http_answers import outcome_of_status, report_of_failure, retry_after_of
from infrastructure.channels.provider_words import quoted

_RECIPIENT: Final = AttemptOutcome.RECIPIENT_PERMANENT
_WORDS: Final[Mapping[int, str]] = {
    HTTPStatus.NOT_FOUND: "gone",
    HTTPStatus.GONE: "gone",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "payload_too_large",
    HTTPStatus.TOO_MANY_REQUESTS: "throttled",
    HTTPStatus.UNAUTHORIZED: "unauthorized",
    HTTPStatus.FORBIDDEN: "unauthorized",
}


def report_of_answer(answer: HttpResponse, endpoint: str, *, now: datetime) -> SendReport:
    """`endpoint` is dead when the push service knows it no more; `detail` never tells it.

    Only a refused key is our mistake. The subscriber chose who answers, so every other 4xx and every redirect is
    theirs: a provider that were held back for it would be held back for everybody.
    """
    outcome, word = outcome_of_status(answer.status), _WORDS.get(answer.status, f"http_{answer.status}")
    if outcome is AttemptOutcome.OK:
        place = answer.headers.get("location", "")
        return SendReport(outcome=outcome, status_code=answer.status, message_id=quoted(place))
    if outcome is AttemptOutcome.PROVIDER_PERMANENT and word != "unauthorized":
        outcome = _RECIPIENT
    return SendReport(
        outcome=outcome,
        status_code=answer.status,
        error_code=f"webpush.{word}",
        detail=quoted(answer.body, secrets=_secrets_in(endpoint)),
        retry_after=retry_after_of(answer, now),
        dead=(endpoint,) if word == "gone" else (),
    )


def report_of_no_answer(failure: HttpFailure) -> SendReport:
    """An address that is not allowed is the subscriber's, as is one that is no address."""
    report = report_of_failure(failure, "webpush")
    if failure.kind is HttpFailureKind.BLOCKED or failure.reason == "invalid_request":
        return replace(report, outcome=_RECIPIENT)
    return report


def _secrets_in(endpoint: str) -> tuple[str, ...]:
    # Push services echo what they were asked, and who knows an endpoint may send to it.
    parts = urlsplit(endpoint)
    return (endpoint, parts.path, parts.query, parts.path.rpartition("/")[2])
