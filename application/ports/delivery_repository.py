"""Stored deliveries, as use cases of a tenant see them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from domain.notifications.delivery import Delivery


class DeliveryRepository(Protocol):
    """Deliveries of one tenant at a time, within the caller's transaction."""

    async def add_many(self, deliveries: Sequence[Delivery]) -> set[UUID]:
        """Store deliveries; pending ones are due at once. Returns the ids that were stored.

        One that repeats `(notification, target, step, channel, generation)` is left out: expansion may run twice.
        """
        ...

    async def add_fresh(self, deliveries: Sequence[Delivery]) -> None:
        """Store deliveries of a notification that is new in this very transaction, each recipient and channel once:
        none can repeat another. Pending ones are due at once.
        """
        ...

    async def open_count(self, tenant_id: str, notification_id: UUID, limit: int) -> int:
        """How many of its deliveries are pending or sending; counting stops at `limit`."""
        ...

    async def cancel_pending(self, tenant_id: str, notification_id: UUID, at: datetime, limit: int) -> int:
        """Make at most `limit` pending deliveries `cancelled`; returns how many."""
        ...

    async def cancel_pending_for(self, tenant_id: str, target: str, at: datetime, limit: int) -> dict[UUID, int]:
        """The same for one recipient over all notifications; returns how many per notification."""
        ...
