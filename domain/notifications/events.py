"""Facts about notifications."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from domain.notifications.delivery import Delivery
from domain.notifications.delivery_status import DeliveryStatus
from domain.shared.events import DomainEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationAccepted(DomainEvent):
    """A request was accepted and is durable."""

    type: ClassVar[str] = "notification.accepted"

    transaction_id: str
    channels: tuple[str, ...]
    recipients: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationCancelled(DomainEvent):
    """Somebody asked that nothing more of it be sent."""

    type: ClassVar[str] = "notification.cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryEnded(DomainEvent):
    """A delivery has its final status, which is the event's type. `subscriber_id` is the caller's.

    Written only while somebody subscribes to the type: the record of what happened is the delivery, not this.
    """

    notification_id: str
    subscriber_id: str
    channel: str
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliverySent(DeliveryEnded):
    """A provider accepted it, or the inbox holds it."""

    type: ClassVar[str] = "delivery.sent"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryFailed(DeliveryEnded):
    """It was given up."""

    type: ClassVar[str] = "delivery.failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryExpired(DeliveryEnded):
    """Its time was over before it was sent."""

    type: ClassVar[str] = "delivery.expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryCancelled(DeliveryEnded):
    """Somebody called it off before it was sent."""

    type: ClassVar[str] = "delivery.cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliverySuppressed(DeliveryEnded):
    """Something spoke against sending it."""

    type: ClassVar[str] = "delivery.suppressed"


DELIVERY_EVENTS: Mapping[DeliveryStatus, type[DeliveryEnded]] = {
    DeliveryStatus.SENT: DeliverySent,
    DeliveryStatus.FAILED: DeliveryFailed,
    DeliveryStatus.EXPIRED: DeliveryExpired,
    DeliveryStatus.CANCELLED: DeliveryCancelled,
    DeliveryStatus.SUPPRESSED: DeliverySuppressed,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryEnd:
    """How a delivery ended: what its event would tell, while nobody has asked for it."""

    delivery_id: UUID
    tenant_id: str
    notification_id: UUID
    subscriber_id: str
    channel: str
    status: DeliveryStatus
    reason: str | None
    at: datetime

    @classmethod
    def of(cls, delivery: Delivery) -> "DeliveryEnd":
        """Of a delivery whose status is final."""
        return cls(
            delivery_id=delivery.id,
            tenant_id=delivery.tenant_id,
            notification_id=delivery.notification_id,
            subscriber_id=delivery.target,
            channel=delivery.channel.value,
            status=delivery.status,
            reason=delivery.reason,
            at=delivery.finished_at or delivery.created_at,
        )

    @property
    def event_type(self) -> str:
        return DELIVERY_EVENTS[self.status].type

    def event(self, event_id: UUID) -> DeliveryEnded:
        """The event of this end; all events of a delivery have its id as their aggregate."""
        return DELIVERY_EVENTS[self.status](
            id=event_id,
            tenant_id=self.tenant_id,
            aggregate_id=f"delivery:{self.delivery_id}",
            occurred_at=self.at,
            notification_id=str(self.notification_id),
            subscriber_id=self.subscriber_id,
            channel=self.channel,
            reason=self.reason,
        )
