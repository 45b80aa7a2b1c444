"""A message for any channel."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from application.ports.notification_channel import OutboundMessage
from domain.notifications.channel import Channel

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
DELIVERY = UUID("019579a0-0000-7000-8000-000000000001")


def message(channel: Channel, **changes: Any) -> OutboundMessage:  # Any: see `replace`
    plain = OutboundMessage(
        delivery_id=DELIVERY,
        notification_id=UUID(int=2),
        tenant_id="default",
        subscriber_id="u1",
        channel=channel,
        address={},
        title="Shipped",
        body="Your order is on its way",
        created_at=NOON,
    )
    return replace(plain, **changes)
