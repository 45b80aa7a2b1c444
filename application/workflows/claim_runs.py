"""Leasing runs."""

from collections.abc import Sequence
from dataclasses import dataclass

from application.ports.run_queue import ClaimedRun
from application.shared.run_once import SystemUnitOfWorkFactory
from application.shared.system_scope import SystemScope
from domain.notifications.delivery import Priority


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimRuns:
    """Lease due runs, queue by queue, in each the most urgent first; with `lowest_first` the other way round."""

    unit_of_work: SystemUnitOfWorkFactory
    scope: SystemScope
    lease_seconds: float

    async def __call__(self, queues: Sequence[str], limit: int, *, lowest_first: bool = False) -> list[ClaimedRun]:
        claimed: list[ClaimedRun] = []
        async with self.unit_of_work() as uow:
            due = await uow.run_queue.due_lines(self.scope, queues)
            lines = [(queue, priority) for queue in queues for priority in Priority if (queue, priority) in due]
            for queue, priority in reversed(lines) if lowest_first else lines:
                if len(claimed) < limit:
                    claimed += await uow.run_queue.claim(
                        self.scope,
                        queue=queue,
                        priority=priority,
                        limit=limit - len(claimed),
                        lease_seconds=self.lease_seconds,
                    )
            if claimed:
                await uow.commit()
        return claimed
