"""The jobs of one queue, as work for a claim loop."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from application.jobs.claim_jobs import ClaimJobs
from application.jobs.claim_suspect_jobs import ClaimSuspectJobs
from application.jobs.lease_keeper import LeaseKeeper
from application.jobs.lease_token import token_of
from application.jobs.run_job import JobOutcome, RunJob
from application.jobs.settle_job import SettleJob
from application.jobs.suspect_loop import SuspectWork
from application.ports.log import Log
from domain.jobs.job import Job, JobTrigger
from domain.shared.errors import Unavailable

# How often an outcome that the store would not take is offered again.
SETTLE_AGAIN_SECONDS = 0.5
# A job may run to its timeout; its outcome has to be written after that, under the same lease.
SETTLE_SECONDS = 60.0
# At the end of a process nobody waits for a store that does not answer: the leases run out by themselves.
RELEASE_SECONDS = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class JobUseCases:
    """Taken anew for each batch, so that an override reaches a running worker."""

    claim_jobs: Callable[[], ClaimJobs]
    claim_suspect_jobs: Callable[[], ClaimSuspectJobs]
    run_job: Callable[[], RunJob]
    settle_job: Callable[[], SettleJob]
    leases: LeaseKeeper
    log: Callable[[], Log]

    async def run(self, jobs: Sequence[Job], finished: Callable[[Job], None]) -> None:
        """Run them at once under their leases; those that are cancelled without an outcome are given back.

        One whose lease is lost, because it was cancelled or taken over, is given up in the middle.
        """
        undone: list[Job] = []
        try:
            ends = await asyncio.gather(*(self._one(job, finished, undone) for job in jobs), return_exceptions=True)
        finally:
            if undone:
                await asyncio.shield(self._give_back(undone))
        for end in ends:
            if isinstance(end, Exception):
                raise end

    async def _one(self, job: Job, finished: Callable[[Job], None], undone: list[Job]) -> None:
        task, token = asyncio.current_task(), token_of(job)
        assert task is not None, "runs in a task of its own"
        run_job = self.run_job()
        seconds = run_job.timeout_of(job) + SETTLE_SECONDS
        self.leases.hold("jobs", job.id, token, seconds=seconds, lost=task.cancel)
        try:
            try:
                outcome = await run_job(job)
            except asyncio.CancelledError:
                if self.leases.holds(job.id, token):
                    undone.append(job)
                else:
                    # Cancelled, or another worker's: nothing of it is written here, and its slot is free at once.
                    finished(job)
                raise
            self.leases.reporting(job.id, token)
            await self._settle(job, outcome)
        finally:
            self.leases.let_go(job.id, token)
        finished(job)

    async def _settle(self, job: Job, outcome: JobOutcome) -> None:
        while True:
            try:
                await self.settle_job()(job, outcome)
            except Unavailable as error:
                self.log().exception("jobs.settle_failed", error, job_id=str(job.id))
                await asyncio.sleep(SETTLE_AGAIN_SECONDS)
            else:
                return

    async def _give_back(self, jobs: Sequence[Job]) -> None:
        try:
            async with asyncio.timeout(RELEASE_SECONDS):
                for job in jobs:
                    await self.settle_job()(job, JobOutcome(trigger=JobTrigger.RELEASE))
        except Exception as error:  # noqa: BLE001 - the leases run out by themselves
            self.log().exception("jobs.release_failed", error, jobs=len(jobs))


@dataclass(frozen=True, slots=True, kw_only=True)
class JobWork:
    """Due jobs of one queue."""

    queue: str
    use_cases: JobUseCases

    @property
    def name(self) -> str:
        return f"jobs:{self.queue}"

    @property
    def wakes(self) -> Sequence[str]:
        return (self.queue,)

    def queue_of(self, item: Job) -> str:
        return item.queue

    async def claim(self, limit: int, *, lowest_first: bool) -> Sequence[Job]:
        return await self.use_cases.claim_jobs()(self.queue, limit, lowest_first=lowest_first)

    async def run(self, items: Sequence[Job], finished: Callable[[Job], None]) -> None:
        await self.use_cases.run(items, finished)


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspectJobs(SuspectWork):
    """Jobs of some queues whose worker died."""

    queues: Sequence[str]
    limit: int
    use_cases: JobUseCases

    async def waiting(self) -> bool:
        return await self.use_cases.claim_suspect_jobs().waiting(self.queues)

    async def claim(self) -> Sequence[Job]:
        return await self.use_cases.claim_suspect_jobs()(self.queues, self.limit)

    async def run(self, items: Sequence[Job]) -> None:
        await self.use_cases.run(items, _no_slot)


def _no_slot(job: Job) -> None:
    """Suspects have the process to themselves: no slot comes free."""
