"""The job rows as a queue."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from application.shared.system_scope import SystemScope
from domain.jobs.job import Job
from domain.notifications.delivery import Priority


class JobStore(Protocol):
    """System-scoped. `token` is the lease's: a call with another token changes nothing and answers False."""

    async def due_lines(self, scope: SystemScope, queue: str) -> set[Priority]:
        """In which classes of a queue a pending job is due: one look instead of a claim in each."""
        ...

    async def claim(
        self, scope: SystemScope, *, queue: str, priority: Priority, limit: int, lease_seconds: float
    ) -> list[Job]:
        """Lease due pending jobs, oldest due first; each claim counts an attempt."""
        ...

    async def suspects_waiting(self, scope: SystemScope, queues: Sequence[str]) -> bool:
        """Whether any lease in these queues has run out."""
        ...

    async def claim_suspects(
        self, scope: SystemScope, *, queues: Sequence[str], limit: int, lease_seconds: float
    ) -> list[Job]:
        """Take over leases that ran out: of the least suspected as many as may run `together`. Counts an attempt."""
        ...

    async def renew(self, scope: SystemScope, leases: Sequence[tuple[UUID, int]], lease_seconds: float) -> set[UUID]:
        """Prolong leases; returns the ids that are still ours."""
        ...

    async def complete(self, scope: SystemScope, job_id: UUID, token: int) -> bool:
        """Final: succeeded."""
        ...

    async def retry(self, scope: SystemScope, job_id: UUID, token: int, *, delay: float, error: str) -> bool:
        """Due again after `delay` seconds; `error` (≤ 4 kB, redacted) is kept."""
        ...

    async def bury(self, scope: SystemScope, job_id: UUID, token: int, *, error: str) -> bool:
        """Final: dead, with its payload as it came and the reason."""
        ...

    async def release(
        self, scope: SystemScope, job_id: UUID, token: int, *, delay: float = 0.0, error: str | None = None
    ) -> bool:
        """Give it back: due after `delay` seconds, the attempt is not counted."""
        ...
