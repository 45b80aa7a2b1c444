"""Messages as Block Kit (Slack developer documentation, "Blocks" and "Formatting message text")."""

from application.ports.notification_channel import JsonValue, OutboundMessage
from infrastructure.channels.chat.wording import cut, link_buttons, one_line, paragraphs, utf16_units

MAX_HEADER = 150
MAX_SECTION = 3_000
MAX_BUTTONS = 25
MAX_BUTTON_TEXT = 75
MAX_URL = 3_000


def slack_content(message: OutboundMessage) -> dict[str, JsonValue] | None:
    """`text`, for previews and screen readers, and `blocks`; None when there is nothing to show.

    The first block's id is the delivery's, so that what arrived can be found again.
    """
    title, body = one_line(message.title), paragraphs(message.body)
    blocks: list[dict[str, JsonValue]] = []
    if title:
        blocks.append({"type": "header", "text": {"type": "plain_text", "text": cut(title, MAX_HEADER)}})
    if body.strip():
        blocks.append({"type": "section", "text": {"type": "mrkdwn", "text": _fitted(body)}})
    if not blocks:
        return None
    blocks[0]["block_id"] = str(message.delivery_id)
    buttons = link_buttons(message, most=MAX_BUTTONS, label=MAX_BUTTON_TEXT, url=MAX_URL)
    if buttons:
        elements = [
            {"type": "button", "text": {"type": "plain_text", "text": each.label}, "url": each.url} for each in buttons
        ]
        blocks.append({"type": "actions", "elements": elements})
    return {"text": _fitted("\n".join(part for part in (title, body) if part.strip())), "blocks": blocks}


def escaped(text: str) -> str:
    """What Slack would read as a mention, a link or an entity, as the text that it is."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _fitted(text: str) -> str:
    # The limit counts entities in full, and half an entity must not remain.
    return escaped(cut(text, MAX_SECTION, size=lambda part: utf16_units(escaped(part))))
