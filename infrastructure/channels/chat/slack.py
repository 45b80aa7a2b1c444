"""Slack, by incoming webhook or as a bot (developer documentation: "Sending messages using incoming webhooks",
"chat.postMessage", "chat.update").
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import msgspec

from application.ports.clock import Clock
from application.ports.http_client import HttpClient, HttpFailure, HttpRequest, HttpResponse
from application.ports.notification_channel import ChannelProvider, JsonValue, OutboundMessage, SendReport
from domain.notifications.attempt import AttemptOutcome
from infrastructure.channels.chat.addresses import point_of, replaced_message, text_at, unreachable
from infrastructure.channels.chat.slack_blocks import slack_content
from infrastructure.channels.chat.slack_errors import api_report, webhook_report
from infrastructure.channels.chat.webhook_url import WebhookTarget, webhook_target
from infrastructure.channels.http_answers import report_of_failure

_TECH: Final = "slack"
_CANNOT_REPLACE = frozenset({"slack.message_not_found", "slack.cant_update_message", "slack.edit_window_closed"})


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackAccount:
    """`bot_token` (`xoxb-…`) posts to channels; `webhook_url` is for recipients without a contact point."""

    bot_token: str | None = field(default=None, repr=False)
    webhook_url: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Conversation:
    """A channel and who may post there; `own`: the token is the recipient's."""

    channel: str
    token: str = field(repr=False)
    own: bool


class SlackProvider(ChannelProvider):
    """Posts to `{"slack": {"channel", "token"?}}` as a bot, else to `{"slack": {"webhookUrl"}}`.

    A bot's message has an id (`ts`) and can take the place of an earlier one in the same channel, see
    `replaced_message`; when that cannot be changed any more, it is posted anew. Then there are two requests, each of
    which gets half of `timeout` (seconds). Webhooks can do neither.
    """

    def __init__(
        self,
        name: str,
        account: SlackAccount,
        client: HttpClient,
        clock: Clock,
        *,
        timeout: float = 10.0,
        base_url: str = "https://slack.com/api",
    ) -> None:
        self._name = name
        self._account = account
        self._client = client
        self._clock = clock
        self._timeout = timeout
        self._base_url = base_url.rstrip("/")

    @property
    def name(self) -> str:
        return self._name

    @property
    def point(self) -> str:
        return _TECH

    async def send(self, message: OutboundMessage) -> SendReport:
        content = slack_content(message)
        if content is None:
            return unreachable(_TECH, "empty_text")
        point = point_of(message, _TECH)
        conversation = self._conversation(point)
        if conversation is not None:
            return await self._post(conversation, content, replaced_message(message, _TECH))
        if text_at(point, "channel") and not text_at(point, "webhookUrl"):
            return SendReport(outcome=AttemptOutcome.PROVIDER_PERMANENT, error_code="slack.no_token")
        target = webhook_target(point, self._account.webhook_url)
        if target is None:
            return unreachable(_TECH, "invalid_address" if text_at(point, "webhookUrl") else "no_address")
        return target.blame(await self._hook(target, content))

    def _conversation(self, point: Mapping[str, JsonValue]) -> _Conversation | None:
        channel, own = text_at(point, "channel"), text_at(point, "token")
        token = own or self._account.bot_token
        return _Conversation(channel=channel, token=token, own=own is not None) if channel and token else None

    async def _post(
        self, conversation: _Conversation, content: Mapping[str, JsonValue], replaced: str | None
    ) -> SendReport:
        body = {"channel": conversation.channel, **content}
        if replaced is None:
            return await self._call("chat.postMessage", conversation, body, self._timeout)
        report = await self._call("chat.update", conversation, {**body, "ts": replaced}, self._timeout / 2)
        if report.error_code not in _CANNOT_REPLACE:
            return report
        return await self._call("chat.postMessage", conversation, body, self._timeout / 2)

    async def _call(
        self, method: str, conversation: _Conversation, body: Mapping[str, JsonValue], timeout: float
    ) -> SendReport:
        url = f"{self._base_url}/{method}"
        answer = await self._sent(url, body, timeout, authorization=f"Bearer {conversation.token}")
        if isinstance(answer, HttpFailure):
            return report_of_failure(answer, _TECH)
        now = self._clock.now()
        return api_report(answer, now=now, secrets=(conversation.token,), own_token=conversation.own)

    async def _hook(self, target: WebhookTarget, content: Mapping[str, JsonValue]) -> SendReport:
        answer = await self._sent(target.url, content, self._timeout)
        if isinstance(answer, HttpFailure):
            return report_of_failure(answer, _TECH)
        return webhook_report(answer, now=self._clock.now(), secrets=target.secrets)

    async def _sent(
        self, url: str, body: Mapping[str, JsonValue], timeout: float, **headers: str
    ) -> HttpResponse | HttpFailure:
        request = HttpRequest(
            method="POST",
            url=url,
            headers={"content-type": "application/json; charset=utf-8", **headers},
            body=msgspec.json.encode(body),
            timeout=timeout,
            service=_TECH,
        )
        return await self._client.send(request)
