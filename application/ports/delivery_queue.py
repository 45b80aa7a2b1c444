"""The delivery rows as a queue. A delivery row is its own queue entry."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID

from application.shared.system_scope import SystemScope
from domain.notifications.attempt import Attempt
from domain.notifications.channel import Channel
from domain.notifications.delivery import Delivery, Priority
from domain.notifications.delivery_status import DeliveryStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedDelivery:
    """A leased delivery, and whether its `expires_at` had passed by the store's clock."""

    delivery: Delivery
    expired: bool = False

    @property
    def token(self) -> int:
        assert self.delivery.lease is not None, "a claimed delivery is leased"
        return self.delivery.lease.token


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryResult:
    """What became of a leased delivery: its new status and the attempts made.

    `delay` is in seconds from the store's now, for a delivery that is `pending` again; it never reaches past
    `expires_at`. Any result clears suspicion and crashes: the delivery was run to its end. A result that is not the
    next status of the transition table is refused by the use case, not here.
    """

    delivery_id: UUID
    notification_id: UUID
    tenant_id: str
    token: int
    status: DeliveryStatus
    reason: str | None = None
    rounds: int
    delay: float | None = None
    attempts: Sequence[Attempt] = field(default_factory=tuple)
    finished_at: datetime | None = None


class DeliveryQueue(Protocol):
    """System-scoped: sees the rows of all tenants. All due times and leases are compared by the store's own clock."""

    async def due_lines(
        self, scope: SystemScope, queues: Sequence[str], channel: Channel, overdue: float = 0.0
    ) -> set[tuple[str, Priority]]:
        """In which queues and classes a pending delivery of the channel has been due for `overdue` seconds: one look
        instead of a claim in each.
        """
        ...

    async def claim(
        self,
        scope: SystemScope,
        *,
        queue: str,
        channel: Channel,
        priority: Priority,
        limit: int,
        lease_seconds: float,
        overdue: float = 0.0,
    ) -> list[ClaimedDelivery]:
        """Lease at most `limit` `pending` deliveries to this worker that have been due for `overdue` seconds, oldest
        due first; never a suspect.

        Others may see it before the commit. If that does not come they are given back, or their leases run out.
        """
        ...

    async def suspects_waiting(self, scope: SystemScope, queues: Sequence[str]) -> bool:
        """Whether any lease in these queues has run out."""
        ...

    async def claim_suspects(
        self, scope: SystemScope, *, queues: Sequence[str], limit: int, lease_seconds: float
    ) -> list[ClaimedDelivery]:
        """Take over leases that ran out: of the least suspected as many as may run `together`, at most `limit`.

        The rows come back with suspicion and crashes raised (`after_crash`). `rounds` and attempts are as they were,
        and `leased_at` is when the lost lease began: the abandoned attempt did, too.
        """
        ...

    async def renew(self, scope: SystemScope, leases: Sequence[tuple[UUID, int]], lease_seconds: float) -> set[UUID]:
        """Prolong `(delivery id, token)` leases, if need be before the commit; returns the ids that are still ours."""
        ...

    async def record(self, scope: SystemScope, results: Sequence[DeliveryResult]) -> set[UUID]:
        """Write results, attempts and tallies in bulk; returns the ids whose lease was lost: of those nothing is
        written. They may be added to the set by the commit.
        """
        ...

    async def append_attempts(self, scope: SystemScope, attempts: Sequence[Attempt]) -> None:
        """Store attempts that no result carries: the `abandoned` ones of reclaimed rows."""
        ...

    async def release(self, scope: SystemScope, leases: Sequence[tuple[UUID, int]]) -> None:
        """Give leases back unused: due at once, no attempt counted, suspicion and crashes cleared."""
        ...

    async def oldest_due_age(self, scope: SystemScope, queue: str, channel: Channel) -> float:
        """For how many seconds the longest waiting pending delivery of a queue and channel is due; 0 when none is."""
        ...
