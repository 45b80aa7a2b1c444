"""Push through Firebase Cloud Messaging ("Method: projects.messages.send" of its HTTP v1 API)."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

import msgspec

from application.ports.clock import Clock
from application.ports.http_client import HttpClient, HttpFailure, HttpRequest, HttpResponse
from application.ports.notification_channel import ChannelProvider, JsonValue, OutboundMessage, SendReport
from domain.notifications.attempt import AttemptOutcome
from infrastructure.channels.http_answers import report_of_failure
from infrastructure.channels.push.devices import Deadline, to_each, tokens_of
from infrastructure.channels.push.fcm_answers import is_stale_access, report_of_answer
from infrastructure.channels.push.google_tokens import FcmAccount, GoogleTokens
from infrastructure.channels.push.texts import Payload, as_text, collapse_id, fitted, topic_of

_POINT: Final = "fcm"
_LIMIT: Final = 4_096
_RESERVED: Final = frozenset({"from", "message_type", "gcm"})
_RESERVED_STARTS: Final = ("google", "gcm.")


class FcmProvider(ChannelProvider):
    """Sends to every token under `fcm` of the address; `timeout` is the total of all of them, in seconds.

    Keys of `data` that FCM keeps for itself are left out. What a device shows in the place of an earlier one bears the
    same `sequence_id`. `ttl`: seconds for which FCM keeps a message for a device that is away, at most four weeks.
    """

    def __init__(
        self,
        name: str,
        account: FcmAccount,
        client: HttpClient,
        clock: Clock,
        *,
        timeout: float = 10.0,
        base_url: str = "https://fcm.googleapis.com",
        ttl: int = 86_400,
    ) -> None:
        self._name = name
        self._url = f"{base_url.rstrip('/')}/v1/projects/{quote(account.project_id, safe='')}/messages:send"
        self._access = GoogleTokens(account, client, clock)
        self._client = client
        self._clock = clock
        self._timeout = timeout
        self._ttl = ttl

    @property
    def name(self) -> str:
        return self._name

    @property
    def point(self) -> str:
        return _POINT

    async def send(self, message: OutboundMessage) -> SendReport:
        tokens = tokens_of(message, _POINT)
        shared = self._payload(message, longest_token=max(map(len, tokens), default=0))
        if shared is None:
            return SendReport(outcome=AttemptOutcome.RECIPIENT_PERMANENT, error_code="fcm.payload_too_large")
        deadline = Deadline(self._timeout)
        if tokens:  # once for all: a refusal concerns every device
            access = await self._access.current(deadline)
            if isinstance(access, SendReport):
                return access
        return await to_each(tokens, lambda token: self._send_to(token, shared, deadline), tech="fcm")

    async def _send_to(self, token: str, shared: Payload, deadline: Deadline) -> SendReport:
        access = await self._access.current(deadline)
        if isinstance(access, SendReport):
            return access
        answer = await self._client.send(self._request(token, shared, access, deadline.left()))
        if isinstance(answer, HttpResponse) and is_stale_access(answer):
            self._access.forget(access)
            access = await self._access.current(deadline)
            if isinstance(access, SendReport):
                return access
            answer = await self._client.send(self._request(token, shared, access, deadline.left()))
        if isinstance(answer, HttpFailure):
            return report_of_failure(answer, "fcm")
        return report_of_answer(answer, token, now=self._clock.now(), secrets=(access, token))

    def _request(self, token: str, shared: Payload, access: str, timeout: float) -> HttpRequest:
        return HttpRequest(
            method="POST",
            url=self._url,
            headers={"authorization": f"Bearer {access}", "content-type": "application/json; charset=utf-8"},
            body=msgspec.json.encode({"message": {"token": token, **shared}}),
            timeout=timeout,
            service="fcm",
        )

    def _payload(self, message: OutboundMessage, *, longest_token: int) -> Payload | None:
        fixed = {"data": _data(message), **self._platforms(message)}
        limit = _LIMIT - longest_token - len('{"message":{"token":"",}}')
        return fitted(message, lambda title, body: {"notification": {"title": title, "body": body}, **fixed}, limit)

    def _platforms(self, message: OutboundMessage) -> Payload:
        low = message.severity == "low"
        android: dict[str, JsonValue] = {"priority": "NORMAL" if low else "HIGH", "ttl": f"{self._ttl}s"}
        apns: dict[str, JsonValue] = {
            "headers": {
                "apns-priority": "5" if low else "10",
                "apns-expiration": str(int(self._clock.now().timestamp()) + self._ttl),
            },
            "payload": {"aps": {} if low else {"sound": "default"}},
        }
        webpush: dict[str, JsonValue] = {"headers": {"TTL": str(self._ttl)}}
        if message.sequence_id:
            collapse = collapse_id(message.sequence_id)
            android |= {"collapse_key": collapse, "notification": {"tag": collapse}}
            apns["headers"]["apns-collapse-id"] = collapse
            webpush["headers"]["Topic"] = topic_of(message.sequence_id)
            webpush["notification"] = {"tag": collapse}
        return {"android": android, "apns": apns, "webpush": webpush}


def _data(message: OutboundMessage) -> Mapping[str, str]:
    data = {key: as_text(value) for key, value in message.data.items() if not _is_reserved(key)}
    if message.actions:
        data["actions"] = as_text([dict(action) for action in message.actions])
    return data | {"deliveryId": str(message.delivery_id), "notificationId": str(message.notification_id)}


def _is_reserved(key: str) -> bool:
    return key in _RESERVED or key.startswith(_RESERVED_STARTS)
