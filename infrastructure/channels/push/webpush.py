"""Push to browsers (Web Push: RFC 8030, encrypted after RFC 8291)."""

from collections.abc import Mapping
from typing import Final

import msgspec

from application.ports.clock import Clock
from application.ports.http_client import HttpClient, HttpFailure, HttpRequest
from application.ports.notification_channel import ChannelProvider, JsonValue, OutboundMessage, SendReport
from domain.notifications.attempt import AttemptOutcome
from infrastructure.channels.push.devices import Deadline, to_each
from infrastructure.channels.push.subscriptions import LONGEST_PLAIN, Encryption, Subscription, subscriptions_of
from infrastructure.channels.push.texts import Payload, fitted, topic_of
from infrastructure.channels.push.vapid import Vapid, VapidAccount
from infrastructure.channels.push.webpush_answers import report_of_answer, report_of_no_answer

_URGENCY: Final[Mapping[str, str]] = {"low": "low", "high": "high"}
_RECIPIENT: Final = AttemptOutcome.RECIPIENT_PERMANENT


class WebPushProvider(ChannelProvider):
    """Sends to every subscription under `webpush` of the address; `timeout` is the total of all of them, in seconds.

    The page's service worker gets JSON: `id`, `title`, `body`, `data`, `actions` and, with a `sequence_id`, the `tag`
    by which a browser replaces the earlier one; the push service replaces by a topic made of it. `ttl`: seconds for
    which the push service keeps it.
    """

    def __init__(
        self,
        name: str,
        account: VapidAccount,
        client: HttpClient,
        clock: Clock,
        *,
        timeout: float = 10.0,
        ttl: int = 86_400,
    ) -> None:
        self._name = name
        self._vapid = Vapid(account, clock)
        self._encryption = Encryption(*self._vapid.pem())
        self._client = client
        self._clock = clock
        self._timeout = timeout
        self._ttl = ttl

    @property
    def name(self) -> str:
        return self._name

    @property
    def point(self) -> str:
        return "webpush"

    async def send(self, message: OutboundMessage) -> SendReport:
        payload = fitted(message, lambda title, body: _payload(message, title, body), LONGEST_PLAIN)
        if payload is None:
            return SendReport(outcome=_RECIPIENT, error_code="webpush.payload_too_large")
        plain, headers, deadline = msgspec.json.encode(payload), self._headers(message), Deadline(self._timeout)
        return await to_each(
            subscriptions_of(message), lambda each: self._send_to(each, plain, headers, deadline), tech="webpush"
        )

    async def _send_to(
        self, subscription: Subscription, plain: bytes, headers: Mapping[str, str], deadline: Deadline
    ) -> SendReport:
        if self._client.check_url(subscription.endpoint) is not None:
            return SendReport(outcome=_RECIPIENT, error_code="webpush.blocked", detail="address not allowed")
        try:
            record = self._encryption.record(plain, subscription)
        except ValueError:
            return SendReport(outcome=_RECIPIENT, error_code="webpush.malformed_subscription")
        request = HttpRequest(
            method="POST",
            url=subscription.endpoint,
            headers={**headers, "authorization": self._vapid.authorization(subscription.endpoint)},
            body=record,
            timeout=deadline.left(),
            service="webpush",
        )
        answer = await self._client.send(request)
        if isinstance(answer, HttpFailure):
            return report_of_no_answer(answer)
        return report_of_answer(answer, subscription.endpoint, now=self._clock.now())

    def _headers(self, message: OutboundMessage) -> Mapping[str, str]:
        headers = {
            "content-type": "application/octet-stream",
            "content-encoding": "aes128gcm",
            "ttl": str(self._ttl),
            "urgency": _URGENCY.get(message.severity, "normal"),
        }
        return headers | {"topic": topic_of(message.sequence_id)} if message.sequence_id else headers


def _payload(message: OutboundMessage, title: str, body: str) -> Payload:
    payload: dict[str, JsonValue] = {
        "id": str(message.delivery_id),
        "title": title,
        "body": body,
        "data": dict(message.data),
        "actions": [dict(action) for action in message.actions],
    }
    return payload | {"tag": message.sequence_id} if message.sequence_id else payload
