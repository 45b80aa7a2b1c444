"""Messages as embeds (Discord developer documentation: "Embed limits", "Allowed Mentions", "Component Reference")."""

from collections.abc import Mapping
from typing import Final

from application.ports.notification_channel import JsonValue, OutboundMessage
from infrastructure.channels.chat.wording import LinkButton, cut, link_buttons, one_line, paragraphs

MAX_TITLE = 256
MAX_DESCRIPTION = 4_096
MAX_BUTTONS = 25
MAX_BUTTONS_IN_ROW = 5
MAX_BUTTON_TEXT = 80
MAX_URL = 512
_ACTION_ROW, _BUTTON, _LINK_STYLE = 1, 2, 5
_COLORS: Final[Mapping[str, int]] = {"low": 0x1570EF, "medium": 0xDC6803, "high": 0xD92D20}


def discord_content(message: OutboundMessage) -> dict[str, JsonValue] | None:
    """One embed and, below it, links; None when there is nothing to show."""
    title, body = one_line(message.title), paragraphs(message.body).strip()
    embed: dict[str, JsonValue] = {}
    if title:
        embed["title"] = cut(title, MAX_TITLE)
    if body:
        embed["description"] = cut(body, MAX_DESCRIPTION)
    if not embed:
        return None
    if message.severity in _COLORS:
        embed["color"] = _COLORS[message.severity]
    content: dict[str, JsonValue] = {"embeds": [embed], "allowed_mentions": {"parse": []}}
    buttons = link_buttons(message, most=MAX_BUTTONS, label=MAX_BUTTON_TEXT, url=MAX_URL)
    if buttons:
        content["components"] = _rows(buttons)
    return content


def _rows(buttons: list[LinkButton]) -> list[dict[str, JsonValue]]:
    elements = [{"type": _BUTTON, "style": _LINK_STYLE, "label": button.label, "url": button.url} for button in buttons]
    rows = [elements[at : at + MAX_BUTTONS_IN_ROW] for at in range(0, len(elements), MAX_BUTTONS_IN_ROW)]
    return [{"type": _ACTION_ROW, "components": row} for row in rows]
