"""What errors of Amazon Web Services mean ("Common Errors" of their API references)."""

import re
from collections.abc import Mapping

from application.ports.notification_channel import JsonValue, SendReport
from domain.notifications.attempt import AttemptOutcome
from infrastructure.channels.aws_client import AwsRefusal
from infrastructure.channels.http_answers import outcome_of_status
from infrastructure.channels.provider_words import quoted

# Older services answer 400 for too much.
_TOO_MUCH = frozenset(
    {
        "Throttling",
        "ThrottlingException",
        "Throttled",
        "ThrottledException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "TooManyRequestsException",
        "SlowDown",
    }
)
_WORD_BEGINS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NO_WORD = re.compile(r"[^A-Za-z0-9]+")
_MAX_WORD = 40


def report_of_acceptance(answer: Mapping[str, JsonValue], tech: str) -> SendReport:
    """A success without a message id was said by somebody else, such as the login page of a network."""
    status, message_id = answer.get("ResponseMetadata", {}).get("HTTPStatusCode"), answer.get("MessageId")
    if not message_id:
        return SendReport(outcome=AttemptOutcome.AMBIGUOUS, status_code=status, error_code=f"{tech}.protocol")
    return SendReport(outcome=AttemptOutcome.OK, status_code=status, message_id=message_id)


def report_of_refusal(refusal: AwsRefusal, tech: str, *, secrets: tuple[str, ...]) -> SendReport:
    """By the error's code, else by status. The code of the report is the vendor's own in our spelling:
    `MailFromDomainNotVerifiedException` is `<tech>.mail_from_domain_not_verified`.
    """
    throttled = refusal.code in _TOO_MUCH
    outcome = AttemptOutcome.THROTTLED if throttled else outcome_of_status(refusal.status)
    word = "throttled" if outcome is AttemptOutcome.THROTTLED else _spelling(refusal.code)
    return SendReport(
        outcome=outcome,
        status_code=refusal.status or None,
        error_code=f"{tech}.{word}",
        detail=quoted(refusal.words, secrets=secrets),
    )


def _spelling(code: str) -> str:
    name = _NO_WORD.sub("_", code.rpartition("#")[2].removesuffix("Exception")).strip("_")
    return _WORD_BEGINS.sub("_", name).lower()[:_MAX_WORD] or "unknown"
