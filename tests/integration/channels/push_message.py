"""A message for the push channel."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from application.ports.notification_channel import OutboundMessage
from domain.notifications.channel import Channel

_MESSAGE = OutboundMessage(
    delivery_id=UUID("019a2b3c-0000-7000-8000-000000000001"),
    notification_id=UUID("019a2b3c-0000-7000-8000-000000000002"),
    tenant_id="default",
    subscriber_id="u1",
    channel=Channel.PUSH,
    address={},
    title="Größe",
    body="Your order is on its way",
    created_at=datetime(2026, 3, 1, 12, 0, tzinfo=UTC),
)


# Any: the fields of the message, as `dataclasses.replace` takes them.
def push_message(address: dict[str, Any], **changes: Any) -> OutboundMessage:
    return replace(_MESSAGE, address=address, **changes)
