"""Incoming webhooks of chat services: a URL that is address and password in one."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Final
from urllib.parse import unquote, urlsplit

from application.ports.notification_channel import JsonValue, SendReport
from domain.notifications.attempt import AttemptOutcome
from infrastructure.channels.chat.addresses import text_at

_PROVIDER: Final = AttemptOutcome.PROVIDER_PERMANENT
_RECIPIENT: Final = AttemptOutcome.RECIPIENT_PERMANENT
# Not 403: that is also what the vendor's edge says to a caller whom it keeps out, whatever the URL.
_ABOUT_THE_URL = frozenset(
    {HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.GONE}
)
_SHORTEST_SECRET = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookTarget:
    """`own`: the recipient gave the URL; else it is the one that configuration names for everybody."""

    url: str = field(repr=False)
    own: bool

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must not come back in a report: the URL and what of it looks like a secret."""
        parts = urlsplit(self.url)
        values = (pair.partition("=")[2] for pair in parts.query.split("&"))
        pieces = [*parts.path.split("/"), *values]
        tokens = {spelling for piece in pieces for spelling in (piece, unquote(piece))}
        return (self.url, parts.path, parts.query, *(each for each in tokens if len(each) >= _SHORTEST_SECRET))

    def blame(self, report: SendReport) -> SendReport:
        """The same report with the fault where the URL came from.

        A recipient whose own URL is refused, redirected, blocked or away ends the delivery; a configured one leaves
        it to the next provider.
        """
        if self.own and report.outcome is _PROVIDER and _is_about_the_url(report.status_code):
            return replace(report, outcome=_RECIPIENT, gone=report.gone or report.status_code == HTTPStatus.GONE)
        if not self.own and report.outcome is _RECIPIENT:
            return replace(report, outcome=_PROVIDER, gone=False)
        return report


def webhook_target(point: Mapping[str, JsonValue], configured: str | None) -> WebhookTarget | None:
    """The recipient's `webhookUrl`, or else the configured one; None without either or when it is no URL."""
    own = text_at(point, "webhookUrl")
    url = own or configured
    return WebhookTarget(url=url, own=own is not None) if url and _is_url(url) else None


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        return False


def _is_about_the_url(status: int | None) -> bool:
    # None: it was blocked or malformed, and nothing left.
    if status is None or status in _ABOUT_THE_URL:
        return True
    return HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST
