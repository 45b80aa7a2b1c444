"""Webhooks after Standard Webhooks 1.0."""

from collections.abc import Callable, Mapping, Sequence
from urllib.parse import urlsplit

import msgspec

from application.ports.clock import Clock
from application.ports.http_client import HttpClient, HttpFailure, HttpRequest
from application.ports.notification_channel import ChannelProvider, OutboundMessage, SendReport
from domain.notifications.attempt import AttemptOutcome
from domain.shared.moment import wire_time
from infrastructure.channels.webhook.answers import report_of_failure, report_of_response
from infrastructure.channels.webhook.signature import signature_header, signing_keys

_USER_AGENT = "Carillon-Webhooks/1"
_TOKEN_LENGTH = 16


def _no_trace() -> str | None:
    return None


class StandardWebhookProvider(ChannelProvider):
    """POSTs signed JSON to the subscriber's URL.

    The receiver's own secret signs; else `default_secret`, which raises ValueError when it is none. Either may hold
    two secrets with a space between, while one is rotated. `traceparent` is asked once for each request; `timeout` is
    the total in seconds.
    """

    def __init__(
        self,
        name: str,
        client: HttpClient,
        clock: Clock,
        *,
        default_secret: str | None = None,
        traceparent: Callable[[], str | None] = _no_trace,
        timeout: float = 10.0,
    ) -> None:
        self._name = name
        self._client = client
        self._clock = clock
        self._default_keys = signing_keys(default_secret or "")
        self._traceparent = traceparent
        self._timeout = timeout

    @property
    def name(self) -> str:
        return self._name

    async def send(self, message: OutboundMessage) -> SendReport:
        url = message.address.get("url")
        if not url:
            return SendReport(outcome=AttemptOutcome.RECIPIENT_PERMANENT, error_code="webhook.no_address")
        try:
            keys = signing_keys(message.address.get("secret") or "") or self._default_keys
        except ValueError as error:
            return _refused("webhook.invalid_secret", str(error))
        if not keys:
            return SendReport(outcome=AttemptOutcome.PROVIDER_PERMANENT, error_code="webhook.no_signing_secret")
        answer = await self._client.send(self._request(url, message, keys))
        if isinstance(answer, HttpFailure):
            return report_of_failure(answer)
        return report_of_response(answer, now=self._clock.now(), secrets=_secrets_in(message.address))

    def _request(self, url: str, message: OutboundMessage, keys: Sequence[bytes]) -> HttpRequest:
        body = payload(message)
        message_id = str(message.delivery_id)
        timestamp = int(self._clock.now().timestamp())
        headers = {
            "content-type": "application/json",
            "user-agent": _USER_AGENT,
            "webhook-id": message_id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": signature_header(keys, message_id=message_id, timestamp=timestamp, body=body),
        }
        trace = self._traceparent()
        if trace:
            headers["traceparent"] = trace
        return HttpRequest(method="POST", url=url, headers=headers, body=body, timeout=self._timeout, service="webhook")


def payload(message: OutboundMessage) -> bytes:
    """The body, the same bytes at every attempt."""
    return msgspec.json.encode(
        {
            "type": "notification",
            "timestamp": wire_time(message.created_at),
            "data": {
                "id": message.delivery_id,
                "notificationId": message.notification_id,
                "subscriberId": message.subscriber_id,
                "title": message.title,
                "body": message.body,
                "data": dict(message.data),
                "actions": [dict(action) for action in message.actions],
                "severity": message.severity,
                "tags": list(message.tags),
            },
        }
    )


def _secrets_in(address: Mapping[str, str]) -> tuple[str, ...]:
    # Endpoints echo what they were asked, and a URL may be its own credential.
    url = urlsplit(address["url"])
    tokens = (segment for segment in url.path.split("/") if len(segment) >= _TOKEN_LENGTH)
    return (address["url"], url.query, *tokens, *(address.get("secret") or "").split())


def _refused(error_code: str, detail: str) -> SendReport:
    return SendReport(outcome=AttemptOutcome.RECIPIENT_PERMANENT, error_code=error_code, detail=detail)
