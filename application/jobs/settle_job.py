"""Writing what became of a run."""

from dataclasses import dataclass

from application.jobs.job_fields import fields_of
from application.jobs.lease_token import token_of
from application.jobs.run_job import JobOutcome
from application.ports.log import Log
from application.ports.metrics import Metrics
from application.ports.trace_context import TraceContext
from application.ports.unit_of_work import SystemUnitOfWork
from application.shared import log_events
from application.shared.run_once import SystemUnitOfWorkFactory
from application.shared.system_scope import SystemScope
from domain.jobs.job import Job, JobTrigger


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleJob:
    """Write what became of a run, and say so once it is durable.

    False when the lease was lost meanwhile: nothing is written then.
    """

    unit_of_work: SystemUnitOfWorkFactory
    scope: SystemScope
    trace: TraceContext
    log: Log
    metrics: Metrics

    async def __call__(self, job: Job, outcome: JobOutcome) -> bool:
        with self.trace.resume(job.trace, job_id=str(job.id), tenant_id=job.tenant_id):
            async with self.unit_of_work() as uow:
                settled = await self._settle(uow, job, outcome)
                await uow.commit()
            if settled:
                self._tell(job, outcome)
            else:
                self.metrics.increment("lease_lost_total", kind="jobs")
                self.log.warning("job.lease_lost", **fields_of(job))
        return settled

    async def _settle(self, uow: SystemUnitOfWork, job: Job, outcome: JobOutcome) -> bool:
        store, token, error = uow.job_store, token_of(job), outcome.error or ""
        match outcome.trigger:
            case JobTrigger.COMPLETE:
                return await store.complete(self.scope, job.id, token)
            case JobTrigger.RETRY:
                return await store.retry(self.scope, job.id, token, delay=outcome.delay, error=error)
            case JobTrigger.BURY:
                return await store.bury(self.scope, job.id, token, error=error)
            case _:
                return await store.release(self.scope, job.id, token, delay=outcome.delay, error=outcome.error)

    def _tell(self, job: Job, outcome: JobOutcome) -> None:
        fields = fields_of(job, seconds=outcome.seconds, error_code=outcome.error_code)
        self.metrics.increment("jobs_settled_total", job=job.name, outcome=outcome.trigger.value)
        match outcome.trigger:
            case JobTrigger.COMPLETE:
                self.log.info(log_events.JOB_SUCCEEDED, **fields)
            case JobTrigger.RETRY | JobTrigger.RELEASE if outcome.error:
                self.log.warning(log_events.JOB_RETRYING, **fields, delay=outcome.delay, error=outcome.error)
            case JobTrigger.BURY:
                self.log.error(log_events.JOB_DEAD_LETTERED, **fields, error=outcome.error)
