"""Discord, by webhook (developer documentation: "Execute Webhook", "Edit Webhook Message", "Embed limits",
"Rate Limits").
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit

import msgspec

from application.ports.clock import Clock
from application.ports.http_client import HttpClient, HttpFailure, HttpRequest
from application.ports.notification_channel import ChannelProvider, JsonValue, OutboundMessage, SendReport
from infrastructure.channels.chat.addresses import point_of, replaced_message, text_at, unreachable
from infrastructure.channels.chat.discord_embeds import discord_content
from infrastructure.channels.chat.discord_errors import discord_report
from infrastructure.channels.chat.webhook_url import WebhookTarget, webhook_target
from infrastructure.channels.http_answers import report_of_failure

_TECH: Final = "discord"
_CANNOT_REPLACE = frozenset({"discord.unknown_message", "discord.not_the_author"})
# Callers without a user agent of this shape may be blocked.
_USER_AGENT = "DiscordBot (carillon, 1)"


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscordAccount:
    """`webhook_url` is for recipients without a contact point of their own."""

    webhook_url: str | None = field(default=None, repr=False)


class DiscordProvider(ChannelProvider):
    """Posts an embed to `{"discord": {"webhookUrl"}}`; nobody is pinged by it.

    A message can take the place of an earlier one of the same webhook, see `replaced_message`; when that is gone, it
    is posted anew. Then there are two requests, each of which gets half of `timeout` (seconds). `thread_id` in the
    URL is kept.
    """

    def __init__(
        self, name: str, account: DiscordAccount, client: HttpClient, clock: Clock, *, timeout: float = 10.0
    ) -> None:
        self._name = name
        self._account = account
        self._client = client
        self._clock = clock
        self._timeout = timeout

    @property
    def name(self) -> str:
        return self._name

    @property
    def point(self) -> str:
        return _TECH

    async def send(self, message: OutboundMessage) -> SendReport:
        content = discord_content(message)
        if content is None:
            return unreachable(_TECH, "empty_text")
        point = point_of(message, _TECH)
        target = webhook_target(point, self._account.webhook_url)
        if target is None:
            return unreachable(_TECH, "invalid_address" if text_at(point, "webhookUrl") else "no_address")
        replaced = replaced_message(message, _TECH)
        return target.blame(await self._post(target, content, replaced))

    async def _post(self, target: WebhookTarget, content: Mapping[str, JsonValue], replaced: str | None) -> SendReport:
        parts = urlsplit(target.url)
        if replaced is None or not (replaced.isascii() and replaced.isdigit()):
            return await self._sent("POST", _created(parts, content), target, content, self._timeout)
        report = await self._sent("PATCH", _edited(parts, content, replaced), target, content, self._timeout / 2)
        if report.error_code not in _CANNOT_REPLACE:
            return report
        return await self._sent("POST", _created(parts, content), target, content, self._timeout / 2)

    async def _sent(
        self, method: str, url: str, target: WebhookTarget, content: Mapping[str, JsonValue], timeout: float
    ) -> SendReport:
        request = HttpRequest(
            method=method,
            url=url,
            headers={"content-type": "application/json", "user-agent": _USER_AGENT},
            body=msgspec.json.encode(content),
            timeout=timeout,
            service=_TECH,
        )
        answer = await self._client.send(request)
        if isinstance(answer, HttpFailure):
            return report_of_failure(answer, _TECH)
        return discord_report(answer, now=self._clock.now(), secrets=target.secrets)


def _created(parts: SplitResult, content: Mapping[str, JsonValue]) -> str:
    # Without `wait` a message that is not saved answers as one that is.
    return parts._replace(query=_query(parts, content, wait="true"), fragment="").geturl()


def _edited(parts: SplitResult, content: Mapping[str, JsonValue], message_id: str) -> str:
    path = f"{parts.path.rstrip('/')}/messages/{message_id}"
    return parts._replace(path=path, query=_query(parts, content), fragment="").geturl()


def _query(parts: SplitResult, content: Mapping[str, JsonValue], **more: str) -> str:
    if "components" in content:
        more["with_components"] = "true"
    kept = [(name, value) for name, value in parse_qsl(parts.query) if name not in {"wait", "with_components"}]
    return urlencode([*kept, *more.items()])
