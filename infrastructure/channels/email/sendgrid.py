"""Mail through SendGrid (Web API v3, Mail Send) and services of its shape.

Its receipts repeat the custom argument `delivery_id`, and begin their `sg_message_id` with our `message_id`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus

import msgspec

from application.ports.clock import Clock
from application.ports.http_client import HttpClient, HttpFailure, HttpRequest, HttpResponse
from application.ports.notification_channel import ChannelProvider, JsonValue, OutboundMessage, SendReport
from domain.notifications.attempt import AttemptOutcome
from infrastructure.channels.email.composing import composed_or_report
from infrastructure.channels.email.headers import one_line
from infrastructure.channels.email.mime import ComposedEmail, EmailComposer, EmailParts
from infrastructure.channels.http_answers import json_of, report_of_failure, report_of_status

_TECH = "sendgrid"
_WORDS: Mapping[int, str] = {
    HTTPStatus.UNAUTHORIZED: "unauthorized",
    HTTPStatus.FORBIDDEN: "forbidden",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "too_large",
}
_RECIPIENT_FIELD = "personalizations.0.to"
_USED_UP = "maximum credits exceeded"
_SUBJECT_FROM_BODY = 78


@dataclass(frozen=True, slots=True, kw_only=True)
class SendGridAccount:
    """A key that may send mail."""

    api_key: str = field(repr=False)


class SendGridProvider(ChannelProvider):
    """Sends each mail to one recipient, once; `timeout` is the total in seconds."""

    def __init__(
        self,
        name: str,
        account: SendGridAccount,
        client: HttpClient,
        composer: EmailComposer,
        clock: Clock,
        *,
        timeout: float = 10.0,
        base_url: str = "https://api.sendgrid.com",
    ) -> None:
        self._name = name
        self._account = account
        self._client = client
        self._composer = composer
        self._clock = clock
        self._timeout = timeout
        self._url = f"{base_url.rstrip('/')}/v3/mail/send"

    @property
    def name(self) -> str:
        return self._name

    async def send(self, message: OutboundMessage) -> SendReport:
        mail = composed_or_report(self._composer, message)
        if isinstance(mail, SendReport):
            return mail
        answer = await self._client.send(self._request(message, mail))
        if isinstance(answer, HttpFailure):
            return report_of_failure(answer, _TECH)
        return self._report_of_response(answer)

    def _request(self, message: OutboundMessage, mail: ComposedEmail) -> HttpRequest:
        return HttpRequest(
            method="POST",
            url=self._url,
            headers={
                "authorization": f"Bearer {self._account.api_key}",
                "content-type": "application/json",
                "accept": "application/json",
                "user-agent": "Carillon/1",
            },
            body=msgspec.json.encode(_payload(message, mail)),
            timeout=self._timeout,
            service=_TECH,
        )

    def _report_of_response(self, response: HttpResponse) -> SendReport:
        report = report_of_status(response, _TECH, now=self._clock.now(), secrets=(self._account.api_key,))
        if report.outcome is AttemptOutcome.OK:
            return replace(report, message_id=response.headers.get("x-message-id"))
        if report.outcome is AttemptOutcome.THROTTLED:
            return replace(report, retry_after=_first(report.retry_after, self._seconds_to_reset(response)))
        errors = _errors(response)
        if response.status == HTTPStatus.BAD_REQUEST and any(_about_recipient(error) for error in errors):
            outcome = AttemptOutcome.RECIPIENT_PERMANENT
            return replace(report, outcome=outcome, error_code=f"{_TECH}.invalid_recipient")
        if any(str(error.get("message", "")).lower() == _USED_UP for error in errors):
            return replace(report, error_code=f"{_TECH}.quota_exceeded")
        word = _WORDS.get(response.status)
        return replace(report, error_code=f"{_TECH}.{word}") if word else report

    def _seconds_to_reset(self, response: HttpResponse) -> float | None:
        # A Unix time, where others have seconds.
        text = response.headers.get("x-ratelimit-reset", "")
        if not (text.isascii() and text.isdigit()):
            return None
        return max(0.0, float(text) - self._clock.now().timestamp())


def _payload(message: OutboundMessage, mail: ComposedEmail) -> dict[str, JsonValue]:
    parts = mail.parts
    return {
        "personalizations": [
            {
                "to": [_mailbox(parts.recipient_name, mail.recipient)],
                "custom_args": {"delivery_id": str(message.delivery_id)},
            }
        ],
        "from": _mailbox(parts.sender_name, mail.sender),
        "subject": parts.subject or one_line(parts.text)[:_SUBJECT_FROM_BODY] or "-",
        "content": _content(parts),
        "headers": dict(parts.headers),
    }


def _content(parts: EmailParts) -> list[dict[str, str]]:
    # An empty value is refused, and plain text has to come first.
    plain = [{"type": "text/plain", "value": parts.text}] if parts.text.strip() else []
    return [*plain, {"type": "text/html", "value": parts.html}]


def _mailbox(name: str, address: str) -> dict[str, str]:
    if not name:
        return {"email": address}
    # The vendor's own library quotes these: without it, the service takes such a name for several.
    return {"email": address, "name": f'"{name}"' if "," in name or ";" in name else name}


def _errors(response: HttpResponse) -> list[Mapping[str, JsonValue]]:
    errors = json_of(response).get("errors")
    return [error for error in errors if isinstance(error, dict)] if isinstance(errors, list) else []


def _about_recipient(error: Mapping[str, JsonValue]) -> bool:
    return str(error.get("field") or "").startswith(_RECIPIENT_FIELD)


def _first(*seconds: float | None) -> float | None:
    return next((each for each in seconds if each is not None), None)
