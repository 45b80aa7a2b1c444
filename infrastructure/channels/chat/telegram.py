"""Telegram, as a bot (Bot API: "Making requests", "sendMessage", "editMessageText", "HTML style")."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Final

import msgspec

from application.ports.clock import Clock
from application.ports.http_client import HttpClient, HttpFailure, HttpRequest
from application.ports.notification_channel import ChannelProvider, JsonValue, OutboundMessage, SendReport
from domain.notifications.attempt import AttemptOutcome
from infrastructure.channels.chat.addresses import point_of, replaced_message, text_at, unreachable
from infrastructure.channels.chat.telegram_errors import telegram_report
from infrastructure.channels.chat.wording import cut, link_buttons, one_line, paragraphs, utf16_units
from infrastructure.channels.http_answers import report_of_failure

MAX_TEXT = 4_096
MAX_TITLE = 1_024
MAX_BUTTONS = 20
MAX_BUTTON_TEXT = 64
MAX_URL = 2_048
_TECH: Final = "telegram"
_CANNOT_REPLACE = frozenset({"telegram.message_not_found", "telegram.message_not_editable"})
_BETWEEN = "\n\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class TelegramAccount:
    """`bot_token` as BotFather gave it (`123456:ABC…`)."""

    bot_token: str = field(repr=False)


class TelegramProvider(ChannelProvider):
    """Writes to `{"telegram": {"chatId"}}`: a number, as text or not, or `@channelname`.

    A message can take the place of an earlier one in the same chat, see `replaced_message`; when that cannot be
    changed any more, it is sent anew. Then there are two requests, each of which gets half of `timeout` (seconds).
    Bots can only write to users who wrote to them first.
    """

    def __init__(
        self,
        name: str,
        account: TelegramAccount,
        client: HttpClient,
        clock: Clock,
        *,
        timeout: float = 10.0,
        base_url: str = "https://api.telegram.org",
    ) -> None:
        self._name = name
        self._token = account.bot_token
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
        chat_id = _chat_id(point_of(message, _TECH))
        if chat_id is None:
            return unreachable(_TECH, "no_address")
        content = telegram_content(message)
        if content is None:
            return unreachable(_TECH, "empty_text")
        body = {"chat_id": chat_id, **content}
        replaced = replaced_message(message, _TECH)
        if replaced is None or not (replaced.isascii() and replaced.isdigit()):
            return await self._call("sendMessage", body, self._timeout)
        edited = {**body, "message_id": int(replaced)}
        report = await self._call("editMessageText", edited, self._timeout / 2)
        if report.outcome is AttemptOutcome.OK:
            return dataclasses.replace(report, message_id=replaced)
        if report.error_code not in _CANNOT_REPLACE:
            return report
        return await self._call("sendMessage", body, self._timeout / 2)

    async def _call(self, method: str, body: Mapping[str, JsonValue], timeout: float) -> SendReport:
        request = HttpRequest(
            method="POST",
            url=f"{self._base_url}/bot{self._token}/{method}",
            headers={"content-type": "application/json"},
            body=msgspec.json.encode(body),
            timeout=timeout,
            service=_TECH,
        )
        answer = await self._client.send(request)
        if isinstance(answer, HttpFailure):
            return report_of_failure(answer, _TECH)
        return telegram_report(answer, now=self._clock.now(), secrets=(self._token,))


def telegram_content(message: OutboundMessage) -> dict[str, JsonValue] | None:
    """Text and buttons; None when there is nothing to show. The limit counts what is seen, not the markup."""
    title = cut(one_line(message.title), MAX_TITLE)
    room = MAX_TEXT - utf16_units(title + _BETWEEN)
    body = cut(paragraphs(message.body).strip(), room)
    parts = [f"<b>{escape(title, quote=False)}</b>"] if title else []
    parts += [escape(body, quote=False)] if body else []
    if not parts:
        return None
    content: dict[str, JsonValue] = {"text": _BETWEEN.join(parts), "parse_mode": "HTML"}
    buttons = link_buttons(message, most=MAX_BUTTONS, label=MAX_BUTTON_TEXT, url=MAX_URL)
    if buttons:
        rows = [[{"text": button.label, "url": button.url}] for button in buttons]
        content["reply_markup"] = {"inline_keyboard": rows}
    return content


def _chat_id(point: Mapping[str, JsonValue]) -> int | str | None:
    value = point.get("chatId")
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return text_at(point, "chatId")
