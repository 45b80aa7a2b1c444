"""SMS through Twilio (Messages resource of the API 2010-04-01) and services of its shape."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

from application.ports.clock import Clock
from application.ports.http_client import HttpClient, HttpFailure, HttpRequest, HttpResponse
from application.ports.notification_channel import ChannelProvider, JsonValue, OutboundMessage, SendReport
from domain.notifications.attempt import AttemptOutcome
from infrastructure.channels.http_answers import json_of, report_of_failure, report_of_status, retry_after_of
from infrastructure.channels.provider_words import quoted
from infrastructure.channels.sms.composing import Sms, sms_or_report
from infrastructure.channels.sms.twilio_errors import meaning

_TECH = "twilio"
LONGEST_TEXT: Final = 1_600
_NOT_SENT = frozenset({"failed", "undelivered", "canceled"})


@dataclass(frozen=True, slots=True, kw_only=True)
class TwilioAccount:
    """Whose account, and who sends: `sender` (a number or an alphanumeric name), a Messaging Service, or one of both.

    With `api_key_sid` the token is that key's secret. `status_callback` gets the receipts, with `deliveryId` added to
    its query; without it they go where the Messaging Service says. ValueError when nobody sends.
    """

    account_sid: str
    auth_token: str = field(repr=False)
    api_key_sid: str | None = None
    sender: str | None = None
    messaging_service_sid: str | None = None
    status_callback: str | None = None

    def __post_init__(self) -> None:
        if not (self.sender or self.messaging_service_sid):
            raise ValueError("Twilio needs a sender or a Messaging Service")

    def authorization(self) -> str:
        pair = f"{self.api_key_sid or self.account_sid}:{self.auth_token}"
        return base64.b64encode(pair.encode()).decode("ascii")


class TwilioProvider(ChannelProvider):
    """Creates one Message for each try: Twilio does not notice a repeat. `timeout` is the total in seconds."""

    def __init__(
        self,
        name: str,
        account: TwilioAccount,
        client: HttpClient,
        clock: Clock,
        *,
        refused_prefixes: Sequence[str] = (),
        timeout: float = 10.0,
        base_url: str = "https://api.twilio.com",
    ) -> None:
        self._name = name
        self._account = account
        self._client = client
        self._clock = clock
        self._refused_prefixes = tuple(refused_prefixes)
        self._timeout = timeout
        self._url = f"{base_url.rstrip('/')}/2010-04-01/Accounts/{quote(account.account_sid, safe='')}/Messages.json"

    @property
    def name(self) -> str:
        return self._name

    async def send(self, message: OutboundMessage) -> SendReport:
        sms = sms_or_report(message, refused_prefixes=self._refused_prefixes, longest=LONGEST_TEXT)
        if isinstance(sms, SendReport):
            return sms
        answer = await self._client.send(self._request(message, sms))
        if isinstance(answer, HttpFailure):
            return report_of_failure(answer, _TECH)
        return self._report_of_response(answer)

    def _request(self, message: OutboundMessage, sms: Sms) -> HttpRequest:
        fields = {
            "To": sms.phone,
            "From": self._account.sender,
            "MessagingServiceSid": self._account.messaging_service_sid,
            "Body": sms.text,
            "StatusCallback": _with_delivery(self._account.status_callback, message),
        }
        return HttpRequest(
            method="POST",
            url=self._url,
            headers={
                "authorization": f"Basic {self._account.authorization()}",
                "content-type": "application/x-www-form-urlencoded",
                "accept": "application/json",
                "user-agent": "Carillon/1",
            },
            body=urlencode({name: value for name, value in fields.items() if value}).encode("ascii"),
            timeout=self._timeout,
            service=_TECH,
        )

    def _report_of_response(self, response: HttpResponse) -> SendReport:
        answer, now = json_of(response), self._clock.now()
        secrets = (self._account.auth_token, self._account.authorization())
        by_status = report_of_status(response, _TECH, now=now, secrets=secrets)
        if by_status.outcome is AttemptOutcome.OK and answer.get("status") not in _NOT_SENT:
            return _accepted(response.status, answer)
        code = _error_code(answer)
        if code is None:
            return by_status if by_status.error_code else _failed_without_a_reason(response.status)
        outcome, word, gone = meaning(code, otherwise=by_status.outcome)
        return SendReport(
            outcome=outcome,
            status_code=response.status,
            error_code=f"{_TECH}.{word}",
            detail=quoted(response.body, secrets=secrets),
            retry_after=retry_after_of(response, now),
            gone=gone,
        )


def _error_code(answer: Mapping[str, JsonValue]) -> int | None:
    """Of an error, or of a message that was created only to fail."""
    code = answer.get("code", answer.get("error_code"))
    return code if isinstance(code, int) else None


def _accepted(status: int, answer: Mapping[str, JsonValue]) -> SendReport:
    sid = answer.get("sid")
    if status == HTTPStatus.CREATED or isinstance(sid, str):
        message_id = sid if isinstance(sid, str) else None
        return SendReport(outcome=AttemptOutcome.OK, status_code=status, message_id=message_id)
    # Said by somebody else, such as the login page of a network.
    return SendReport(outcome=AttemptOutcome.AMBIGUOUS, status_code=status, error_code=f"{_TECH}.protocol")


def _failed_without_a_reason(status: int) -> SendReport:
    return SendReport(outcome=AttemptOutcome.RETRYABLE, status_code=status, error_code=f"{_TECH}.failed")


def _with_delivery(url: str | None, message: OutboundMessage) -> str | None:
    if url is None:
        return None
    parts = urlsplit(url)
    query = "&".join(each for each in (parts.query, f"deliveryId={message.delivery_id}") if each)
    return urlunsplit(parts._replace(query=query))
