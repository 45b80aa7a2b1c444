"""Discord's answers (developer documentation: "Opcodes and Status Codes", JSON error codes; "Rate Limits")."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from application.ports.http_client import HttpResponse
from application.ports.notification_channel import JsonValue, SendReport
from domain.notifications.attempt import AttemptOutcome
from infrastructure.channels.http_answers import json_of, report_of_status


@dataclass(frozen=True, slots=True)
class _Meaning:
    word: str
    outcome: AttemptOutcome = AttemptOutcome.RECIPIENT_PERMANENT
    gone: bool = False


_PROVIDER: Final = AttemptOutcome.PROVIDER_PERMANENT
_BAD_URL: Final = _Meaning("invalid_address")
_MEANINGS: Final[Mapping[int, _Meaning]] = {
    10003: _Meaning("unknown_channel", gone=True),
    10004: _Meaning("unknown_server", gone=True),
    10008: _Meaning("unknown_message", _PROVIDER),
    10015: _Meaning("unknown_webhook", gone=True),
    40005: _Meaning("too_large", _PROVIDER),
    50001: _Meaning("missing_access"),
    50005: _Meaning("not_the_author", _PROVIDER),
    50006: _Meaning("empty_text"),
    50013: _Meaning("missing_permissions"),
    50027: _Meaning("invalid_webhook_token", gone=True),
    50035: _Meaning("invalid_form_body", _PROVIDER),
    220001: _Meaning("thread_required"),
    240000: _Meaning("harmful_link"),
}


def discord_report(response: HttpResponse, *, now: datetime, secrets: tuple[str, ...]) -> SendReport:
    """By Discord's error code where it is known, else by status. 429 asks for seconds in the body, with fractions."""
    report = report_of_status(response, "discord", now=now, secrets=secrets)
    answer = json_of(response)
    if report.outcome is AttemptOutcome.OK:
        message_id = answer.get("id")
        return replace(report, message_id=message_id if isinstance(message_id, str) else None)
    if report.outcome is AttemptOutcome.THROTTLED:
        asked = answer.get("retry_after")
        seconds = float(asked) if isinstance(asked, int | float) and asked >= 0 else report.retry_after
        return replace(report, retry_after=seconds)
    meaning = _meaning(answer)
    if meaning is None or report.outcome is AttemptOutcome.RETRYABLE:
        return report
    return replace(report, outcome=meaning.outcome, error_code=f"discord.{meaning.word}", gone=meaning.gone)


def _meaning(answer: Mapping[str, JsonValue]) -> _Meaning | None:
    code, errors = answer.get("code"), answer.get("errors")
    about = errors if isinstance(errors, Mapping) else answer
    if "webhook_id" in about or "webhook_token" in about:
        return _BAD_URL
    return _MEANINGS.get(code) if isinstance(code, int) else None
