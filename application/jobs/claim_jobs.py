"""Leasing jobs, and writing what became of them."""

from dataclasses import dataclass

from application.shared.run_once import SystemUnitOfWorkFactory
from application.shared.system_scope import SystemScope
from domain.jobs.job import Job


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimJobs:
    """Lease due jobs of one queue, the most urgent first."""

    unit_of_work: SystemUnitOfWorkFactory
    scope: SystemScope
    lease_seconds: float

    async def __call__(self, queue: str, limit: int, *, lowest_first: bool = False) -> list[Job]:
        claimed: list[Job] = []
        async with self.unit_of_work() as uow:
            due = sorted(await uow.job_store.due_lines(self.scope, queue), reverse=lowest_first)
            for priority in due:
                if len(claimed) < limit:
                    claimed += await uow.job_store.claim(
                        self.scope,
                        queue=queue,
                        priority=priority,
                        limit=limit - len(claimed),
                        lease_seconds=self.lease_seconds,
                    )
            if claimed:
                await uow.commit()
        return claimed
