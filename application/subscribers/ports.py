"""Reading subscribers."""

from collections.abc import Collection, Mapping
from typing import Protocol
from uuid import UUID

from domain.subscribers.subscriber import Subscriber


class SubscriberReader(Protocol):
    """Reads of one tenant, each in a snapshot of its own."""

    async def get(self, tenant_id: str, subscriber_id: str) -> Subscriber | None:
        """By the caller's own id."""
        ...

    async def get_many(self, tenant_id: str, subscriber_ids: Collection[str]) -> Mapping[str, Subscriber]:
        """Those that exist, by the caller's own id."""
        ...

    async def page(self, tenant_id: str, *, before: UUID | None, limit: int) -> list[Subscriber]:
        """Newest first, older than the one whose own id (ours) is `before`."""
        ...
