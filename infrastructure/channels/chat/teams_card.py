"""Messages as Adaptive Cards (schema 1.4), wrapped as a workflow's webhook takes them."""

import msgspec

from application.ports.notification_channel import JsonValue, OutboundMessage
from infrastructure.channels.chat.wording import cut, link_buttons, one_line, paragraphs

MAX_BYTES = 28_000
"""Of the whole request: "approximately 28 KB", where beyond it the workflow fails after it was accepted."""
MAX_TITLE = 300
MAX_BUTTONS = 6
MAX_BUTTON_TEXT = 80
MAX_URL = 2_000
_SCHEMA = "http://adaptivecards.io/schemas/adaptive-card.json"
_CARD = "application/vnd.microsoft.card.adaptive"


def teams_content(message: OutboundMessage) -> bytes | None:
    """The request's body; None when there is nothing to show. The first element's id is the delivery's."""
    title = cut(one_line(message.title), MAX_TITLE)
    body = paragraphs(message.body).strip()
    if not title and not body:
        return None
    room = MAX_BYTES - len(msgspec.json.encode(_wrapped(message, title, "…")))
    return msgspec.json.encode(_wrapped(message, title, cut(body, room, size=_bytes_in_json)))


def _bytes_in_json(text: str) -> int:
    return len(msgspec.json.encode(text))


def _wrapped(message: OutboundMessage, title: str, body: str) -> dict[str, JsonValue]:
    elements: list[dict[str, JsonValue]] = []
    if title:
        elements.append({"type": "TextBlock", "text": title, "weight": "Bolder", "size": "Medium", "wrap": True})
    if body:
        elements.append({"type": "TextBlock", "text": body, "wrap": True})
    elements[0]["id"] = str(message.delivery_id)
    card: dict[str, JsonValue] = {"$schema": _SCHEMA, "type": "AdaptiveCard", "version": "1.4", "body": elements}
    buttons = link_buttons(message, most=MAX_BUTTONS, label=MAX_BUTTON_TEXT, url=MAX_URL)
    if buttons:
        card["actions"] = [{"type": "Action.OpenUrl", "title": each.label, "url": each.url} for each in buttons]
    return {"type": "message", "attachments": [{"contentType": _CARD, "contentUrl": None, "content": card}]}
