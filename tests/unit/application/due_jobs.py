"""Running what is due, as a worker would."""

from application.jobs.run_job import JobOutcome
from container import Container
from domain.jobs.job import JobTrigger

QUEUES = ("notifications", "maintenance", "default")


async def run_due_jobs(container: Container) -> list[str]:
    """Run every due job until none is left; returns how each run ended, and fails with the first that failed."""
    ends: list[str] = []
    while outcomes := await _run_those_due_now(container):
        for outcome in outcomes:
            assert outcome.trigger in (JobTrigger.COMPLETE, JobTrigger.RELEASE), outcome.error
            ends.append(outcome.trigger.value)
    return ends


async def _run_those_due_now(container: Container) -> list[JobOutcome]:
    outcomes = []
    for queue in QUEUES:
        for job in await container.claim_jobs()(queue, 100):
            outcome = await container.run_job()(job)
            assert await container.settle_job()(job, outcome)
            outcomes.append(outcome)
    return outcomes
