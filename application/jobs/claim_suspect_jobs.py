"""Taking over the jobs of dead workers."""

from collections.abc import Sequence
from dataclasses import dataclass

from application.jobs.job_fields import fields_of
from application.jobs.lease_token import token_of
from application.ports.log import Log
from application.ports.trace_context import TraceContext
from application.shared import log_events
from application.shared.run_once import SystemUnitOfWorkFactory
from application.shared.system_scope import SystemScope
from domain.jobs.job import Job
from domain.shared.lease import poisonous

POISON = "poison: its worker died three times while it ran alone"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimSuspectJobs:
    """Take over jobs whose worker died with them; one that killed three workers while it ran alone is dead-lettered."""

    unit_of_work: SystemUnitOfWorkFactory
    scope: SystemScope
    trace: TraceContext
    log: Log
    lease_seconds: float

    async def waiting(self, queues: Sequence[str]) -> bool:
        """Whether there is any; a look that leases nothing."""
        async with self.unit_of_work() as uow:
            return await uow.job_store.suspects_waiting(self.scope, queues)

    async def __call__(self, queues: Sequence[str], limit: int) -> list[Job]:
        async with self.unit_of_work() as uow:
            claimed = await uow.job_store.claim_suspects(
                self.scope, queues=queues, limit=limit, lease_seconds=self.lease_seconds
            )
            poison = [job for job in claimed if poisonous(job.crashes)]
            for job in poison:
                await uow.job_store.bury(self.scope, job.id, token_of(job), error=POISON)
            if claimed:
                await uow.commit()
        for job in poison:
            with self.trace.resume(job.trace, job_id=str(job.id), tenant_id=job.tenant_id):
                self.log.error(log_events.JOB_DEAD_LETTERED, **fields_of(job, error_code="jobs.poison"), error=POISON)
        return [job for job in claimed if not poisonous(job.crashes)]
