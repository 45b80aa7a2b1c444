"""What a rendered step says, in the shape that its channel takes."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from application.ports.notification_channel import OutboundMessage
from domain.notifications.channel import Channel
from domain.notifications.content import Action, Content
from domain.notifications.links import is_script
from domain.shared.json import JsonValue

Fields = Mapping[str, JsonValue]


def inbox_content(fields: Fields) -> Content:
    """An in-app step's content. A link that a template made into one that runs code is left out."""
    return Content(
        title=_text(fields, "title"),
        body=_text(fields, "body"),
        data=fields.get("data") or {},
        actions=tuple(_action(each) for each in _list(fields, "actions")),
        avatar=_link(fields.get("avatar")),
        redirect=_link(fields.get("redirect")),
    )


def with_content(message: OutboundMessage, fields: Fields) -> OutboundMessage:
    """The message with what a step says over its channel."""
    if message.channel is Channel.EMAIL:
        return replace(
            message, title=_text(fields, "subject"), body=_text(fields, "text"), html=fields.get("html") or None
        )
    return replace(
        message, title=_text(fields, "title"), body=_text(fields, "body"), data=fields.get("data") or {}, actions=()
    )


def _action(action: Mapping[str, JsonValue]) -> Action:
    return Action(id=_text(action, "id"), label=_text(action, "label"), url=_link(action.get("url")))


def _text(fields: Fields, name: str) -> str:
    return str(fields.get(name) or "")


def _list(fields: Fields, name: str) -> Sequence[Mapping[str, JsonValue]]:
    return fields.get(name) or ()


def _link(url: JsonValue) -> str | None:
    return None if not url or is_script(str(url)) else str(url)
