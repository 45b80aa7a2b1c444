"""The runs of workflows, as their tenant sees them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from domain.workflows.run import Run


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOver:
    """How a delivery stands, in the words of its status."""

    status: str
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LookedAt:
    """Whether somebody has looked at an inbox item."""

    seen: bool
    read: bool


class RunRepository(Protocol):
    """Runs are unique by (notification, target): one that exists already is left as it is."""

    async def add_many(self, runs: Sequence[Run]) -> set[UUID]:
        """Store runs, due at once; returns the ids of those that were new. Those that are final are stored as that.

        Their queues are woken after the commit.
        """
        ...

    async def get_many(self, tenant_id: str, keys: Sequence[tuple[UUID, str]]) -> dict[tuple[UUID, str], Run]:
        """Those of `(notification id, target)` that exist, whatever their status."""
        ...

    async def of_notification(self, tenant_id: str, notification_id: UUID, after: UUID | None, limit: int) -> list[Run]:
        """The runs of a notification in the order of their ids, those after `after`."""
        ...

    async def busy_count(self, tenant_id: str, notification_id: UUID, limit: int) -> int:
        """How many are not final and wait for nothing (`Run.wait` is None); counts no further than `limit`."""
        ...

    async def cancel_pending(self, tenant_id: str, notification_id: UUID, limit: int, at: datetime) -> int:
        """End at most `limit` that are pending as `cancelled`; how many those were. A leased one is left to its
        worker, which looks at the notification before it writes.
        """
        ...

    async def handed_over(self, tenant_id: str, delivery_ids: Collection[UUID]) -> Mapping[UUID, HandedOver]:
        """How deliveries stand that steps were handed over to; those that exist, by id."""
        ...

    async def looked_at(self, tenant_id: str, item_ids: Collection[UUID]) -> Mapping[UUID, LookedAt]:
        """Whether the inbox items of steps were looked at; those that exist, by id."""
        ...
