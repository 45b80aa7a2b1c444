"""The rows of runs as a queue: each is its own entry."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from application.shared.system_scope import SystemScope
from domain.notifications.delivery import Priority
from domain.workflows.run import Run


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedRun:
    """A leased run, and whether its `expires_at` had passed by the store's clock."""

    run: Run
    expired: bool = False

    @property
    def token(self) -> int:
        assert self.run.lease is not None, "a claimed run is leased"
        return self.run.lease.token


@dataclass(frozen=True, slots=True, kw_only=True)
class RunProgress:
    """How far a leased run has come. `delay` is in seconds from the store's now, until it is due again; 0 for a final
    one. It never reaches past `expires_at`.
    """

    run: Run
    token: int
    delay: float = 0.0


class RunQueue(Protocol):
    """System-scoped, as `DeliveryQueue` is: all tenants, the store's own clock, leases with a fencing token."""

    async def due_lines(self, scope: SystemScope, queues: Sequence[str]) -> set[tuple[str, Priority]]:
        """In which queues and classes a pending run is due."""
        ...

    async def claim(
        self, scope: SystemScope, *, queue: str, priority: Priority, limit: int, lease_seconds: float
    ) -> list[ClaimedRun]:
        """Lease at most `limit` due `pending` runs to this worker, oldest due first; never a suspect."""
        ...

    async def suspects_waiting(self, scope: SystemScope, queues: Sequence[str]) -> bool:
        """Whether any lease in these queues has run out."""
        ...

    async def claim_suspects(
        self, scope: SystemScope, *, queues: Sequence[str], limit: int, lease_seconds: float
    ) -> list[ClaimedRun]:
        """Take over leases that ran out, as many of the least suspected as may run `together`, at most `limit`."""
        ...

    async def renew(self, scope: SystemScope, leases: Sequence[tuple[UUID, int]], lease_seconds: float) -> set[UUID]:
        """Prolong `(run id, token)` leases, if need be before the commit; returns the ids that are still ours."""
        ...

    async def hold(self, scope: SystemScope, leases: Sequence[tuple[UUID, int]]) -> set[UUID]:
        """Which of the leases are still ours. Those rows are locked until the transaction ends: what else it writes
        belongs to them, and nobody can take them over meanwhile.
        """
        ...

    async def save(self, scope: SystemScope, progress: Sequence[RunProgress]) -> None:
        """Write how far runs have come that are held in this transaction, and let them go (`Run.let_go`)."""
        ...

    async def release(self, scope: SystemScope, leases: Sequence[tuple[UUID, int]]) -> None:
        """Give leases back unused: due at once, suspicion and crashes cleared."""
        ...
