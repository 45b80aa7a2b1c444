"""WhatsApp through Meta's Cloud API (Meta for Developers: WhatsApp Cloud API, "Messages", "Send message templates")."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import msgspec

from application.ports.clock import Clock
from application.ports.http_client import HttpClient, HttpFailure, HttpRequest
from application.ports.notification_channel import ChannelProvider, JsonValue, OutboundMessage, SendReport
from infrastructure.channels.chat.addresses import point_of, text_at, unreachable
from infrastructure.channels.chat.whatsapp_errors import whatsapp_report
from infrastructure.channels.chat.wording import cut, link_buttons, one_line, paragraphs, utf16_units
from infrastructure.channels.http_answers import report_of_failure

MAX_TEXT = 4_096
MAX_PARAMETER = 1_024
MAX_LINKS = 10
MAX_LINK_TEXT = 80
MAX_URL = 1_000
_TECH: Final = "whatsapp"
_NOT_DIALLED = re.compile(r"[\s().\-]")
_PHONE = re.compile(r"\+?[1-9][0-9]{6,14}")
_BETWEEN = "\n\n"
# A parameter may not be empty.
_NOTHING = "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatsAppAccount:
    """`access_token` of a system user, `phone_number_id` of the sender, not its number.

    Without a template, texts reach only who wrote within the last 24 hours. A template is named as it was approved,
    with two parameters in its body: `{{1}}` is the title, `{{2}}` the text.
    """

    access_token: str = field(repr=False)
    phone_number_id: str
    template_name: str | None = None
    template_language: str = "en_US"
    version: str = "v23.0"


class WhatsAppProvider(ChannelProvider):
    """Writes to `{"whatsapp": {"phone"}}`, an international number.

    The delivery's id goes along as `biz_opaque_callback_data`, which Meta's status webhooks repeat; `timeout` is the
    total in seconds. What was accepted can still fail later: only those webhooks tell.
    """

    def __init__(
        self,
        name: str,
        account: WhatsAppAccount,
        client: HttpClient,
        clock: Clock,
        *,
        timeout: float = 10.0,
        base_url: str = "https://graph.facebook.com",
    ) -> None:
        self._name = name
        self._account = account
        self._client = client
        self._clock = clock
        self._timeout = timeout
        self._url = f"{base_url.rstrip('/')}/{account.version}/{account.phone_number_id}/messages"

    @property
    def name(self) -> str:
        return self._name

    @property
    def point(self) -> str:
        return _TECH

    async def send(self, message: OutboundMessage) -> SendReport:
        said = text_at(point_of(message, _TECH), "phone")
        if said is None:
            return unreachable(_TECH, "no_address")
        phone = _NOT_DIALLED.sub("", said)
        if not _PHONE.fullmatch(phone):
            return unreachable(_TECH, "invalid_address")
        content = self._template(message) if self._account.template_name else _text(message)
        if content is None:
            return unreachable(_TECH, "empty_text")
        answer = await self._client.send(self._request(message, phone, content))
        if isinstance(answer, HttpFailure):
            return report_of_failure(answer, _TECH)
        return whatsapp_report(answer, now=self._clock.now(), secrets=(self._account.access_token,))

    def _request(self, message: OutboundMessage, phone: str, content: Mapping[str, JsonValue]) -> HttpRequest:
        body = {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "to": phone,
            **content,
            "biz_opaque_callback_data": str(message.delivery_id),
        }
        return HttpRequest(
            method="POST",
            url=self._url,
            headers={"content-type": "application/json", "authorization": f"Bearer {self._account.access_token}"},
            body=msgspec.json.encode(body),
            timeout=self._timeout,
            service=_TECH,
        )

    def _template(self, message: OutboundMessage) -> dict[str, JsonValue]:
        texts = (message.title, message.body)
        # Meta refuses line ends, tabs and runs of spaces in parameters.
        parameters = [{"type": "text", "text": cut(one_line(text), MAX_PARAMETER) or _NOTHING} for text in texts]
        template = {
            "name": self._account.template_name,
            "language": {"code": self._account.template_language},
            "components": [{"type": "body", "parameters": parameters}],
        }
        return {"type": "template", "template": template}


def _text(message: OutboundMessage) -> dict[str, JsonValue] | None:
    links = link_buttons(message, most=MAX_LINKS, label=MAX_LINK_TEXT, url=MAX_URL)
    title = one_line(message.title)
    body = paragraphs(message.body).strip()
    words = _BETWEEN.join(part for part in (title, body) if part)
    if not words:
        return None
    ending = ""
    for link in links:  # as many as leave most of the room to the text
        line = f"\n{link.label}: {link.url}"
        if utf16_units(ending + line) < MAX_TEXT // 2:
            ending += line
    ending = f"\n{ending}" if ending else ""
    text = cut(words, MAX_TEXT - utf16_units(ending)) + ending
    return {"type": "text", "text": {"preview_url": False, "body": text}}
