"""Notifications as lines on the console, for channels without a provider."""

import json
import sys
from collections.abc import Callable

from application.ports.notification_channel import ChannelProvider, OutboundMessage, SendReport
from domain.notifications.attempt import AttemptOutcome

# Of an address only these are shown, masked: URLs, tokens and keys of other channels are secrets.
_SHOWN = ("email", "phone")


def hidden(_text: str) -> str:
    """Nothing of a contact point."""
    return "***"


class ConsoleProvider(ChannelProvider):
    """Writes one line of ASCII JSON for each message, to standard error unless `write` says otherwise.

    Title and body in full, since that is what it is for; of the recipient what `mask` leaves, since consoles are kept.
    """

    def __init__(
        self,
        name: str = "console",
        *,
        mask: Callable[[str], str] = hidden,
        write: Callable[[str], object] | None = None,
    ) -> None:
        self._name = name
        self._mask = mask
        self._write = write or _to_standard_error

    @property
    def name(self) -> str:
        return self._name

    async def send(self, message: OutboundMessage) -> SendReport:
        shown = {key: self._mask(message.address[key]) for key in _SHOWN if key in message.address}
        line = json.dumps(
            {
                "channel": message.channel,
                "deliveryId": str(message.delivery_id),
                "subscriberId": message.subscriber_id,
                "address": shown,
                "title": message.title,
                "body": message.body,
            }
        )
        try:
            self._write(line + "\n")
        except OSError:
            return SendReport(outcome=AttemptOutcome.RETRYABLE, error_code="console.write_failed")
        return SendReport(outcome=AttemptOutcome.OK)


def _to_standard_error(line: str) -> None:
    sys.stderr.write(line)
