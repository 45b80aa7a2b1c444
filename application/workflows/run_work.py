"""Runs of workflows, as work for a claim loop; and those of dead workers."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from application.jobs.lease_keeper import LeaseKeeper
from application.jobs.suspect_loop import SuspectWork
from application.ports.log import Log
from application.ports.run_queue import ClaimedRun
from application.workflows.advance_runs import AdvanceRuns, Finished
from application.workflows.claim_runs import ClaimRuns
from application.workflows.claim_suspect_runs import ClaimSuspectRuns
from application.workflows.release_runs import ReleaseRuns
from domain.shared.errors import Unavailable

# Deciding and rendering a hundred runs takes a second or two, and a request of a step a minute at most; what takes two
# hangs.
LONGEST_ADVANCE = 120.0
# A store or a renderer that is away is asked again by whoever claims them next.
RELEASE_SECONDS = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RunUseCases:
    """Taken anew for each batch, so that an override reaches a running worker."""

    claim_runs: Callable[[], ClaimRuns]
    claim_suspect_runs: Callable[[], ClaimSuspectRuns]
    advance_runs: Callable[[], AdvanceRuns]
    release_runs: Callable[[], ReleaseRuns]
    leases: LeaseKeeper
    log: Callable[[], Log]

    async def run(self, claimed: Sequence[ClaimedRun], finished: Finished | None = None) -> None:
        """Advance them together under their leases; what could not be written for now is given back.

        `finished` is called for each that was written.

        One whose lease is lost goes on with the others: nothing of it will be written.
        """
        for one in claimed:
            self.leases.hold("runs", one.run.id, one.token, seconds=LONGEST_ADVANCE, lost=_nothing)
        try:
            await self.advance_runs()(claimed, lambda one: self._over(one, finished))
        except Unavailable as error:
            self.log().exception("runs.advance_failed", error, runs=len(claimed))
            await self._give_back(claimed)
        except asyncio.CancelledError:
            await asyncio.shield(self._give_back(claimed))
            raise
        finally:
            for one in claimed:
                self.leases.let_go(one.run.id, one.token)

    def _over(self, one: ClaimedRun, finished: Finished | None) -> None:
        self.leases.let_go(one.run.id, one.token)
        if finished is not None:
            finished(one)

    async def _give_back(self, claimed: Sequence[ClaimedRun]) -> None:
        try:
            async with asyncio.timeout(RELEASE_SECONDS):
                await self.release_runs()(claimed)
        except Exception as error:  # noqa: BLE001 - the leases run out by themselves
            self.log().exception("runs.release_failed", error, runs=len(claimed))


@dataclass(frozen=True, slots=True, kw_only=True)
class RunWork:
    """Due runs of all queues that this worker serves."""

    queues: Sequence[str]
    use_cases: RunUseCases

    @property
    def name(self) -> str:
        return "runs"

    @property
    def wakes(self) -> Sequence[str]:
        return self.queues

    def queue_of(self, item: ClaimedRun) -> str:
        return item.run.queue

    async def claim(self, limit: int, *, lowest_first: bool) -> Sequence[ClaimedRun]:
        return await self.use_cases.claim_runs()(self.queues, limit, lowest_first=lowest_first)

    async def run(self, items: Sequence[ClaimedRun], finished: Callable[[ClaimedRun], None]) -> None:
        await self.use_cases.run(items, finished)


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspectRuns(SuspectWork):
    """Runs of some queues whose worker died."""

    queues: Sequence[str]
    limit: int
    use_cases: RunUseCases

    async def waiting(self) -> bool:
        return await self.use_cases.claim_suspect_runs().waiting(self.queues)

    async def claim(self) -> Sequence[ClaimedRun]:
        return await self.use_cases.claim_suspect_runs()(self.queues, self.limit)

    async def run(self, items: Sequence[ClaimedRun]) -> None:
        await self.use_cases.run(items)


def _nothing() -> None:
    """The writer finds out by itself."""
