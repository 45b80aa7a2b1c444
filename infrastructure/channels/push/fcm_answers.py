"""What FCM's answers mean for a device ("REST error codes for the HTTP v1 API", "ErrorCode")."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Final

from application.ports.http_client import HttpResponse
from application.ports.notification_channel import JsonValue, SendReport
from domain.notifications.attempt import AttemptOutcome
from infrastructure.channels.http_answers import json_of, report_of_status, retry_after_of
from infrastructure.channels.provider_words import quoted

_FCM_ERROR: Final = "type.googleapis.com/google.firebase.fcm.v1.FcmError"
# FCM asks to wait so long after a 429 that names no time.
_DEFAULT_WAIT: Final = 60.0
_RECIPIENT: Final = AttemptOutcome.RECIPIENT_PERMANENT
_OUTCOMES: Final[Mapping[str, AttemptOutcome]] = {
    "UNREGISTERED": _RECIPIENT,
    "INVALID_TOKEN": _RECIPIENT,  # not FCM's: INVALID_ARGUMENT that is about the token
    "SENDER_ID_MISMATCH": _RECIPIENT,  # the device registered with another project
    "INVALID_ARGUMENT": AttemptOutcome.PROVIDER_PERMANENT,
    "THIRD_PARTY_AUTH_ERROR": AttemptOutcome.PROVIDER_PERMANENT,
    "UNAUTHENTICATED": AttemptOutcome.PROVIDER_PERMANENT,
    "PERMISSION_DENIED": AttemptOutcome.PROVIDER_PERMANENT,
    "QUOTA_EXCEEDED": AttemptOutcome.THROTTLED,
    "UNAVAILABLE": AttemptOutcome.RETRYABLE,
    "INTERNAL": AttemptOutcome.RETRYABLE,
}
_DEAD: Final = frozenset({"UNREGISTERED", "INVALID_TOKEN"})


def report_of_answer(answer: HttpResponse, token: str, *, now: datetime, secrets: tuple[str, ...]) -> SendReport:
    """`token` is the device's, which is dead when FCM knows it no more."""
    code = error_code_of(answer)
    if answer.status == HTTPStatus.OK:
        return SendReport(outcome=AttemptOutcome.OK, status_code=answer.status, message_id=_name_in(answer))
    if code not in _OUTCOMES:
        return report_of_status(answer, "fcm", now=now, secrets=secrets)
    outcome = _OUTCOMES[code]
    wait = retry_after_of(answer, now)
    if wait is None and outcome is AttemptOutcome.THROTTLED:
        wait = _DEFAULT_WAIT
    return SendReport(
        outcome=outcome,
        status_code=answer.status,
        error_code=f"fcm.{code.lower()}",
        detail=quoted(answer.body, secrets=secrets),
        retry_after=wait,
        dead=(token,) if code in _DEAD else (),
    )


def is_stale_access(answer: HttpResponse) -> bool:
    """Whether it is our access token that was refused, and not a key that FCM holds for us."""
    return answer.status == HTTPStatus.UNAUTHORIZED and error_code_of(answer) != "THIRD_PARTY_AUTH_ERROR"


def error_code_of(answer: HttpResponse) -> str:
    """FCM's own code; without one that of Google's APIs; empty when there is neither."""
    error = json_of(answer).get("error")
    if not isinstance(error, Mapping):
        return ""
    details = list(_details(error))
    code = next((each.get("errorCode") for each in details if each.get("@type") == _FCM_ERROR), error.get("status"))
    if code == "INVALID_ARGUMENT" and _blames_token(error, details):
        return "INVALID_TOKEN"
    return code if isinstance(code, str) else ""


def _blames_token(error: Mapping[str, JsonValue], details: list[Mapping[str, JsonValue]]) -> bool:
    violations = (each.get("fieldViolations") for each in details)
    listed = (field for fields in violations if isinstance(fields, list) for field in fields)
    if any(isinstance(field, Mapping) and field.get("field") == "message.token" for field in listed):
        return True
    return "not a valid FCM registration token" in str(error.get("message"))


def _details(error: Mapping[str, JsonValue]) -> Iterator[Mapping[str, JsonValue]]:
    details = error.get("details")
    return (each for each in details if isinstance(each, Mapping)) if isinstance(details, list) else iter(())


def _name_in(answer: HttpResponse) -> str | None:
    name = json_of(answer).get("name")
    return quoted(name) if isinstance(name, str) else None
