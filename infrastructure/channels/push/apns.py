"""Push to Apple's devices ("Sending notification requests to APNs", "Generating a remote notification")."""

import re
from collections.abc import Mapping
from typing import Final

import msgspec

from application.ports.clock import Clock
from application.ports.http_client import HttpClient, HttpFailure, HttpRequest, HttpResponse
from application.ports.notification_channel import ChannelProvider, JsonValue, OutboundMessage, SendReport
from domain.notifications.attempt import AttemptOutcome
from infrastructure.channels.http_answers import report_of_failure
from infrastructure.channels.push.apns_answers import EXPIRED_PROVIDER_TOKEN, reason_of, report_of_answer
from infrastructure.channels.push.apns_tokens import ApnsAccount, ApnsTokens
from infrastructure.channels.push.devices import Deadline, to_each, tokens_of
from infrastructure.channels.push.texts import Payload, collapse_id, fitted

PRODUCTION: Final = "https://api.push.apple.com"
SANDBOX: Final = "https://api.sandbox.push.apple.com"
_POINT: Final = "apns"
_LIMIT: Final = 4_096
_DEVICE_TOKEN: Final = re.compile(r"[0-9A-Fa-f]{1,400}")
_LEVELS: Final[Mapping[str, str]] = {"low": "passive", "high": "time-sensitive"}


class ApnsProvider(ChannelProvider):
    """Sends to every token under `apns` of the address; `timeout` is the total of all of them, in seconds.

    `base_url` is `PRODUCTION` or `SANDBOX`: a device token belongs to one of them. `ttl`: seconds for which Apple
    tries to deliver. A later message with the same `sequence_id` takes the earlier one's place.
    """

    def __init__(
        self,
        name: str,
        account: ApnsAccount,
        client: HttpClient,
        clock: Clock,
        *,
        timeout: float = 10.0,
        base_url: str = PRODUCTION,
        ttl: int = 86_400,
    ) -> None:
        self._name = name
        self._topic = account.topic
        self._tokens = ApnsTokens(account, clock)
        self._client = client
        self._clock = clock
        self._timeout = timeout
        self._url = base_url.rstrip("/")
        self._ttl = ttl

    @property
    def name(self) -> str:
        return self._name

    @property
    def point(self) -> str:
        return _POINT

    async def send(self, message: OutboundMessage) -> SendReport:
        payload = fitted(message, lambda title, body: _payload(message, title, body), _LIMIT)
        if payload is None:
            return SendReport(outcome=AttemptOutcome.RECIPIENT_PERMANENT, error_code="apns.payload_too_large")
        body, headers, deadline = msgspec.json.encode(payload), self._headers(message), Deadline(self._timeout)
        return await to_each(
            tokens_of(message, _POINT), lambda token: self._send_to(token, headers, body, deadline), tech="apns"
        )

    async def _send_to(self, token: str, headers: Mapping[str, str], body: bytes, deadline: Deadline) -> SendReport:
        if not _DEVICE_TOKEN.fullmatch(token):
            return SendReport(outcome=AttemptOutcome.RECIPIENT_PERMANENT, error_code="apns.malformed_token")
        ours = self._tokens.current()
        answer = await self._asked(token, headers, body, ours, deadline)
        if isinstance(answer, HttpResponse) and reason_of(answer) == EXPIRED_PROVIDER_TOKEN:
            fresh = self._tokens.instead_of(ours)
            answer = await self._asked(token, headers, body, fresh, deadline) if fresh else answer
        if isinstance(answer, HttpFailure):
            return report_of_failure(answer, "apns")
        return report_of_answer(answer, token, now=self._clock.now(), secrets=(token, ours))

    async def _asked(
        self, token: str, headers: Mapping[str, str], body: bytes, ours: str, deadline: Deadline
    ) -> HttpResponse | HttpFailure:
        return await self._client.send(
            HttpRequest(
                method="POST",
                url=f"{self._url}/3/device/{token}",
                headers={"authorization": f"bearer {ours}", **headers},
                body=body,
                timeout=deadline.left(),
                service="apns",
                http2=True,
            )
        )

    def _headers(self, message: OutboundMessage) -> Mapping[str, str]:
        headers = {
            "content-type": "application/json",
            "apns-topic": self._topic,
            "apns-push-type": "alert",
            "apns-id": str(message.delivery_id),
            "apns-expiration": str(int(self._clock.now().timestamp()) + self._ttl),
            "apns-priority": "5" if message.severity == "low" else "10",
        }
        if message.sequence_id:
            headers["apns-collapse-id"] = collapse_id(message.sequence_id)
        return headers


def _payload(message: OutboundMessage, title: str, body: str) -> Payload:
    aps: dict[str, JsonValue] = {
        "alert": {"title": title, "body": body},
        "interruption-level": _LEVELS.get(message.severity, "active"),
    }
    if message.severity != "low":
        aps["sound"] = "default"
    ours: dict[str, JsonValue] = {"actions": [dict(action) for action in message.actions]} if message.actions else {}
    ids = {"deliveryId": str(message.delivery_id), "notificationId": str(message.notification_id)}
    return {**message.data, **ours, **ids, "aps": aps}
