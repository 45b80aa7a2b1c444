"""What the one relay does to events, tallies and audit entries."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from application.shared.system_scope import SystemScope
from domain.notifications.notification_status import Counts
from domain.shared.json import JsonObject

# A transaction that stored something for the relay wakes it under this name, as if it were a queue.
RELAY_QUEUE = "relay"


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedEvent:
    """A stored event with its place in the order of all events."""

    position: int
    id: UUID
    tenant_id: str
    type: str
    schema_version: int
    aggregate_id: str
    occurred_at: datetime
    data: JsonObject
    trace: str | None = None


class EventRelay(Protocol):
    """System-scoped; only the holder of the `relay` lease may call what writes."""

    async def seal(self, scope: SystemScope, limit: int) -> int:
        """Give positions to at most `limit` unsealed events, oldest first; returns how many."""
        ...

    async def seal_audit(self, scope: SystemScope, limit: int) -> int:
        """Put at most `limit` new audit entries, oldest first, into the chains of their tenants; returns how many."""
        ...

    async def read_after(self, scope: SystemScope, position: int, limit: int) -> list[SealedEvent]:
        """Sealed events after a position, in order."""
        ...

    async def cursor(self, scope: SystemScope, consumer: str) -> int:
        """The position up to which a consumer has seen everything; 0 for a new one."""
        ...

    async def advance(self, scope: SystemScope, consumer: str, position: int) -> None:
        """Move a consumer's cursor."""
        ...

    async def announce(self, scope: SystemScope, wanted: Mapping[str, Collection[str]]) -> None:
        """Store which types (patterns, see `fits`) each of these consumers wants from now on, instead of what it
        wanted before. What others want stays.
        """
        ...

    async def wanted(self, scope: SystemScope) -> set[str]:
        """The patterns of all consumers."""
        ...

    async def take_tallies(self, scope: SystemScope, limit: int) -> Mapping[UUID, Counts]:
        """Remove at most `limit` tally rows; returns their sums by notification."""
        ...

    async def fold(self, scope: SystemScope, changes: Mapping[UUID, Counts], now: datetime) -> None:
        """Add the sums to the notifications' counts and derive their status anew."""
        ...
