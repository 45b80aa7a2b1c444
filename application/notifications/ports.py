"""Reading notifications."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from application.notifications.views import DeliveryView
from domain.notifications.delivery_status import DeliveryStatus
from domain.notifications.notification import Notification


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationFilter:
    """Any of each list; an empty list means any at all. Times are exclusive bounds of `createdAt`."""

    statuses: tuple[str, ...] = ()
    workflows: tuple[str, ...] = ()
    subscribers: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    created_after: datetime | None = None
    created_before: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryFilter:
    """Any of each list; an empty list means any at all."""

    statuses: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    subscribers: tuple[str, ...] = ()


class NotificationReader(Protocol):
    """Reads of one tenant, each in a snapshot of its own. `counts` include what is not folded in yet."""

    async def get(self, tenant_id: str, notification_id: UUID) -> Notification | None:
        """One notification."""
        ...

    async def by_transaction(self, tenant_id: str, transaction_id: str) -> Notification | None:
        """The notification that the transaction id was first used for."""
        ...

    async def page(
        self, tenant_id: str, wanted: NotificationFilter, *, before: UUID | None, limit: int
    ) -> list[Notification]:
        """Newest first, older than `before`."""
        ...

    async def deliveries(
        self, tenant_id: str, notification_id: UUID, wanted: DeliveryFilter, *, before: UUID | None, limit: int
    ) -> list[DeliveryView]:
        """Newest first, older than `before`, each with its attempts."""
        ...

    async def counts_by_status(self, tenant_id: str, notification_id: UUID) -> Mapping[DeliveryStatus, int]:
        """Counted from the deliveries themselves: slow, and therefore what the tallies are checked against."""
        ...
