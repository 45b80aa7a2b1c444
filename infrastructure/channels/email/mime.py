"""Notifications as mail (RFC 5322, MIME, RFC 8058)."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Final

from application.ports.clock import Clock
from application.ports.notification_channel import OutboundMessage
from infrastructure.channels.email.address import ascii_address
from infrastructure.channels.email.headers import (
    UnsafeHeader,
    assert_headers,
    header_block,
    mailbox_value,
    one_line,
    text_value,
)
from infrastructure.channels.email.html_body import HtmlBody, Link

_WEB_URL = re.compile(r"https?://[!-;=?-~]+")  # printable ASCII without angle brackets
_NAMED_ADDRESS = re.compile(r"(?P<name>[^<>\r\n]*)<(?P<address>[^<>]+)>")
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
# Everything leaves as 7 bit: no server needs an extension for it.
_POLICY: Final = SMTP.clone(cte_type="7bit")


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailParts:
    """A mail for those who put it together themselves: nothing is encoded, names and subject are on one line.

    `headers` are those besides From, To, Subject, Date and MIME's own, in plain ASCII.
    """

    sender_name: str
    recipient_name: str
    subject: str
    text: str
    html: str
    headers: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ComposedEmail:
    """`sender` and `recipient` are the envelope's; `content` is the whole mail, ASCII with CRLF line ends."""

    sender: str
    recipient: str
    content: bytes
    parts: EmailParts


def _no_trace() -> str | None:
    return None


class EmailComposer:
    """Writes mails from `sender`, an address or `Name <address>`; ValueError when it is neither.

    `Message-ID` is `<delivery id@message_domain>`, by default the sender's domain: a repeat of a delivery has the same.
    `trace_id`, 32 hex digits that say nothing to the recipient, goes along as `X-Trace-ID`: whoever reports a mail has
    named the lines of the log.
    """

    def __init__(
        self,
        sender: str,
        clock: Clock,
        *,
        html: HtmlBody | None = None,
        message_domain: str | None = None,
        trace_id: Callable[[], str | None] = _no_trace,
    ) -> None:
        named = _NAMED_ADDRESS.fullmatch(sender)
        self._sender_name = named["name"].strip(' "') if named else None
        self._sender = ascii_address(named["address"] if named else sender)
        self._domain = message_domain or self._sender.rpartition("@")[2]
        self._clock = clock
        self._html = html or HtmlBody()
        self._trace_id = trace_id

    def compose(self, message: OutboundMessage) -> ComposedEmail:
        """Raises `InvalidAddress` or `UnsafeHeader`: then nothing of the message may be sent."""
        recipient = ascii_address(message.address.get("email", ""))
        parts = self._parts(message)
        headers = self._headers(parts, recipient)
        content = header_block(headers) + _mime(parts).as_bytes()
        head = content.partition(b"\r\n\r\n")[0]
        assert_headers(head, [*(name for name, _ in headers), "Content-Type", "MIME-Version"])
        return ComposedEmail(sender=self._sender, recipient=recipient, content=content, parts=parts)

    def _headers(self, parts: EmailParts, recipient: str) -> Sequence[tuple[str, str]]:
        return (
            ("From", mailbox_value(parts.sender_name, self._sender, header_name="From")),
            ("To", mailbox_value(parts.recipient_name, recipient, header_name="To")),
            ("Subject", text_value(parts.subject, header_name="Subject")),
            ("Date", format_datetime(self._clock.now())),
            *parts.headers,
        )

    def _parts(self, message: OutboundMessage) -> EmailParts:
        body, links = _plain(message.body), _links(message)
        return EmailParts(
            sender_name=one_line(self._sender_name or ""),
            recipient_name=one_line(message.address.get("name") or ""),
            subject=one_line(message.title),
            text="\n\n".join([body, *(f"{link.label}: {link.url}" for link in links)]),
            html=_plain(message.html) if message.html else self._html.render(message, body, links),
            headers=self._extra_headers(message),
        )

    def _extra_headers(self, message: OutboundMessage) -> Sequence[tuple[str, str]]:
        headers = [
            ("Message-ID", f"<{message.delivery_id}@{self._domain}>"),
            ("Auto-Submitted", "auto-generated"),
        ]
        trace_id = self._trace_id()
        if trace_id is not None:
            headers.append(("X-Trace-ID", trace_id))
        if message.unsubscribe_url is not None:
            if not _WEB_URL.fullmatch(message.unsubscribe_url):
                raise UnsafeHeader("the unsubscribe URL is none")
            headers.append(("List-Unsubscribe", f"<{message.unsubscribe_url}>"))
            headers.append(("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))
        return headers


def _mime(parts: EmailParts) -> EmailMessage:
    mime = EmailMessage(policy=_POLICY)
    mime.set_content(parts.text)
    mime.add_alternative(parts.html, subtype="html")
    return mime


def _plain(text: str) -> str:
    unix = text.replace("\r\n", "\n").replace("\r", "\n")
    return _UNPRINTABLE.sub("", unix.encode("utf-8", "replace").decode("utf-8"))


def _links(message: OutboundMessage) -> Sequence[Link]:
    links = []
    for action in message.actions:
        url = str(action.get("url") or "")
        if _WEB_URL.fullmatch(url):
            links.append(Link(label=one_line(str(action.get("label") or url)), url=url))
    return links
