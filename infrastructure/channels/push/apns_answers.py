"""What APNs answers mean for a device ("Handling notification responses from APNs")."""

import re
from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Final

from application.ports.http_client import HttpResponse
from application.ports.notification_channel import SendReport
from domain.notifications.attempt import AttemptOutcome
from infrastructure.channels.http_answers import json_of, report_of_status, retry_after_of
from infrastructure.channels.provider_words import quoted

EXPIRED_PROVIDER_TOKEN: Final = "ExpiredProviderToken"  # noqa: S105 - an error's name
_RECIPIENT: Final = AttemptOutcome.RECIPIENT_PERMANENT
_PROVIDER: Final = AttemptOutcome.PROVIDER_PERMANENT
_OUTCOMES: Final[Mapping[str, AttemptOutcome]] = {
    **dict.fromkeys(("BadDeviceToken", "Unregistered", "ExpiredToken", "MissingDeviceToken"), _RECIPIENT),
    # Another app's device, and a message that does not fit: neither says anything about the other deliveries.
    **dict.fromkeys(("DeviceTokenNotForTopic", "PayloadTooLarge", "PayloadEmpty", "BadCollapseId"), _RECIPIENT),
    **dict.fromkeys(("TooManyRequests", "TooManyProviderTokenUpdates"), AttemptOutcome.THROTTLED),
    **dict.fromkeys(("InternalServerError", "ServiceUnavailable", "Shutdown", "IdleTimeout"), AttemptOutcome.RETRYABLE),
    **dict.fromkeys((EXPIRED_PROVIDER_TOKEN, "InvalidProviderToken", "MissingProviderToken", "Forbidden"), _PROVIDER),
    **dict.fromkeys(("UnrelatedKeyIdInToken", "BadEnvironmentKeyIdInToken", "BadCertificate"), _PROVIDER),
    **dict.fromkeys(("BadTopic", "MissingTopic", "TopicDisallowed", "InvalidPushType", "BadMessageId"), _PROVIDER),
    **dict.fromkeys(("BadExpirationDate", "BadPriority", "DuplicateHeaders", "BadPath"), _PROVIDER),
    **dict.fromkeys(("BadCertificateEnvironment", "MethodNotAllowed"), _PROVIDER),
}
_DEAD: Final = frozenset({"BadDeviceToken", "Unregistered", "ExpiredToken"})
_HUMP: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")


def report_of_answer(answer: HttpResponse, token: str, *, now: datetime, secrets: tuple[str, ...]) -> SendReport:
    """`token` is the device's, which is dead when Apple knows it no more."""
    if answer.status == HTTPStatus.OK:
        return SendReport(
            outcome=AttemptOutcome.OK,
            status_code=answer.status,
            message_id=quoted(answer.headers.get("apns-id", "")),
        )
    reason = reason_of(answer)
    if reason not in _OUTCOMES:
        return report_of_status(answer, "apns", now=now, secrets=secrets)
    return SendReport(
        outcome=_OUTCOMES[reason],
        status_code=answer.status,
        error_code=f"apns.{_HUMP.sub('_', reason).lower()}",
        detail=quoted(answer.body, secrets=secrets),
        retry_after=retry_after_of(answer, now),
        dead=(token,) if reason in _DEAD else (),
    )


def reason_of(answer: HttpResponse) -> str:
    """Apple's word; `Unregistered` for a 410 whose body was lost, empty when there is none."""
    reason = json_of(answer).get("reason")
    if isinstance(reason, str):
        return reason
    return "Unregistered" if answer.status == HTTPStatus.GONE else ""
