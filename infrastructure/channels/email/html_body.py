"""The HTML part of a mail that was not rendered already (`OutboundMessage.html`)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader

from application.ports.notification_channel import OutboundMessage
from infrastructure.channels.email.headers import one_line

_TEMPLATE: Final = "notification.html.jinja"
_PARAGRAPH = re.compile(r"\n\s*\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """An action of the notification that leads somewhere on the web."""

    label: str
    url: str


class HtmlBody:
    """Everything a caller wrote is escaped. The template is compiled once: share the instance."""

    def __init__(self) -> None:
        loader = FileSystemLoader(Path(__file__).parent)
        self._templates = Environment(
            loader=loader, autoescape=True, auto_reload=False, trim_blocks=True, lstrip_blocks=True
        )

    def render(self, message: OutboundMessage, body: str, links: Sequence[Link]) -> str:
        """`body` is the plain text, with `\\n` line ends; an empty line begins a paragraph."""
        return self._templates.get_template(_TEMPLATE).render(
            title=one_line(message.title),
            paragraphs=_PARAGRAPH.split(body),
            links=links,
            locale=message.locale,
            unsubscribe_url=message.unsubscribe_url,
        )
