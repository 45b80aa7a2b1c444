"""Meta's error codes (Meta for Developers: WhatsApp Cloud API, "Error codes"; Graph API, "Handle errors").

The documentation asks to go by the code: neither the words nor the HTTP status are stable.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from typing import Final

from application.ports.http_client import HttpResponse
from application.ports.notification_channel import JsonValue, SendReport
from domain.notifications.attempt import AttemptOutcome
from infrastructure.channels.http_answers import json_of, report_of_status

_OF_THE_RECIPIENT: Final[Mapping[int, str]] = {
    130472: "experiment",
    130497: "country_restricted",
    131021: "recipient_is_sender",
    131026: "undeliverable",
    131030: "recipient_not_allowed",
    131047: "outside_24_hours",
    131049: "held_back_by_meta",
    131050: "marketing_declined",
}
_PASSING: Final[Mapping[int, str]] = {
    1: "unknown_error",
    2: "unavailable",
    131000: "unknown_error",
    131016: "unavailable",
    131057: "maintenance",
    133004: "unavailable",
}
_THROTTLED = frozenset({4, 80007, 130429, 131048, 131056, 133016})
_OF_THE_PROVIDER: Final[Mapping[int, str]] = {
    0: "unauthorized",
    3: "permission_denied",
    10: "permission_denied",
    33: "unknown_sender",
    100: "invalid_parameter",
    190: "unauthorized",
    368: "policy_violation",
    131005: "permission_denied",
    131008: "missing_parameter",
    131009: "invalid_parameter",
    131031: "account_locked",
    131037: "display_name_not_approved",
    131042: "payment_problem",
    131045: "sender_not_registered",
    132000: "template_parameters_differ",
    132001: "template_not_found",
    132005: "template_too_long",
    132007: "template_policy_violation",
    132012: "template_parameters_differ",
    132015: "template_paused",
    132016: "template_disabled",
    133010: "sender_not_registered",
}
_PERMISSIONS = range(200, 300)


def whatsapp_report(response: HttpResponse, *, now: datetime, secrets: tuple[str, ...]) -> SendReport:
    """`message_id` is the `wamid.…` by which status webhooks call the message."""
    report = report_of_status(response, "whatsapp", now=now, secrets=secrets)
    answer = json_of(response)
    error = answer.get("error")
    code = error.get("code") if isinstance(error, dict) else None
    if isinstance(code, int):
        outcome, word = _meaning(code, report)
        return replace(report, outcome=outcome, error_code=f"whatsapp.{word}")
    if report.outcome is AttemptOutcome.OK:
        return replace(report, message_id=_message_id(answer))
    return report


def _meaning(code: int, report: SendReport) -> tuple[AttemptOutcome, str]:
    if code in _THROTTLED or report.outcome is AttemptOutcome.THROTTLED:
        return AttemptOutcome.THROTTLED, "throttled"
    if code in _OF_THE_RECIPIENT:
        return AttemptOutcome.RECIPIENT_PERMANENT, _OF_THE_RECIPIENT[code]
    if code in _PASSING:
        return AttemptOutcome.RETRYABLE, _PASSING[code]
    if code in _PERMISSIONS:
        return AttemptOutcome.PROVIDER_PERMANENT, "permission_denied"
    known = _OF_THE_PROVIDER.get(code)
    if known is None and (report.status_code or 0) >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return AttemptOutcome.RETRYABLE, f"error_{code}"
    return AttemptOutcome.PROVIDER_PERMANENT, known or f"error_{code}"


def _message_id(answer: Mapping[str, JsonValue]) -> str | None:
    messages = answer.get("messages")
    first = messages[0] if isinstance(messages, list) and messages else None
    found = first.get("id") if isinstance(first, dict) else None
    return found if isinstance(found, str) else None
