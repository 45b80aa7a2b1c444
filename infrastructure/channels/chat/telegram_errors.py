"""Telegram's answers (Bot API: "Making requests", "ResponseParameters").

Errors have a status and a sentence; the sentences are not documented as stable, so what they are not known to say is
judged by the status: 403 is always about the chat.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from http import HTTPStatus
from typing import Final

from application.ports.http_client import HttpResponse
from application.ports.notification_channel import SendReport
from domain.notifications.attempt import AttemptOutcome
from infrastructure.channels.http_answers import json_of, report_of_status


@dataclass(frozen=True, slots=True)
class _Meaning:
    says: str
    word: str
    outcome: AttemptOutcome = AttemptOutcome.RECIPIENT_PERMANENT
    gone: bool = False


_PROVIDER: Final = AttemptOutcome.PROVIDER_PERMANENT
_REFUSALS: Final = (
    _Meaning("blocked by the user", "bot_blocked", gone=True),
    _Meaning("user is deactivated", "user_deactivated", gone=True),
    _Meaning("bot was kicked", "bot_kicked", gone=True),
    _Meaning("can't initiate conversation", "not_started"),
    _Meaning("not a member", "not_a_member"),
    _Meaning("chat not found", "chat_not_found"),
    _Meaning("user not found", "user_not_found"),
    _Meaning("peer_id_invalid", "chat_not_found"),
    _Meaning("chat_id_invalid", "chat_not_found"),
    _Meaning("chat_id is empty", "chat_not_found"),
    _Meaning("deactivated", "chat_deactivated", gone=True),
    _Meaning("upgraded to a supergroup", "chat_migrated", gone=True),
    _Meaning("migrated to a supergroup", "chat_migrated", gone=True),
    _Meaning("not enough rights", "no_rights"),
    _Meaning("have no rights", "no_rights"),
    _Meaning("chat_write_forbidden", "no_rights"),
    _Meaning("need administrator rights", "no_rights"),
    _Meaning("topic_closed", "topic_closed"),
    _Meaning("message is not modified", "not_modified", AttemptOutcome.OK),
    _Meaning("message to edit not found", "message_not_found", _PROVIDER),
    _Meaning("message_id_invalid", "message_not_found", _PROVIDER),
    _Meaning("message can't be edited", "message_not_editable", _PROVIDER),
)
_FORBIDDEN: Final = _Meaning("", "forbidden")


def telegram_report(response: HttpResponse, *, now: datetime, secrets: tuple[str, ...]) -> SendReport:
    """`message_id` is unique in its chat alone."""
    report = report_of_status(response, "telegram", now=now, secrets=secrets)
    answer = json_of(response)
    if report.outcome is AttemptOutcome.OK:
        result = answer.get("result")
        number = result.get("message_id") if isinstance(result, dict) else None
        return replace(report, message_id=None if number is None else str(number))
    if report.outcome is AttemptOutcome.THROTTLED:
        parameters = answer.get("parameters")
        asked = parameters.get("retry_after") if isinstance(parameters, dict) else None
        return replace(report, retry_after=float(asked) if isinstance(asked, int | float) else report.retry_after)
    return _judged(report, str(answer.get("description") or "").lower())


def _judged(report: SendReport, said: str) -> SendReport:
    if report.status_code in {HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND}:
        # The token is part of the path: 404 is a token that cannot be one.
        return replace(report, error_code="telegram.unauthorized")
    if report.status_code not in {HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN}:
        return report
    meaning = next((each for each in _REFUSALS if each.says in said), None)
    if meaning is None and report.status_code == HTTPStatus.FORBIDDEN:
        meaning = _FORBIDDEN
    if meaning is None:
        return report
    if meaning.outcome is AttemptOutcome.OK:  # an edit that was made before, by a try whose answer was lost
        return SendReport(outcome=AttemptOutcome.OK, status_code=report.status_code)
    return replace(report, outcome=meaning.outcome, error_code=f"telegram.{meaning.word}", gone=meaning.gone)
