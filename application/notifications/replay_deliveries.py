"""Going on with redriving."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from application.notifications.ports import DeadLetterReader
from application.notifications.redrive_deliveries import REDRIVE, RedriveJob
from application.notifications.replays import write_replays
from application.ports.clock import Clock
from application.ports.ids import Ids
from application.shared.job_run import JobRun
from application.shared.job_spec import job
from application.shared.run_once import UnitOfWorkFactory
from domain.notifications.redrive import replay_of

# With as many tallies at worst, that is the most rows of one transaction.
PAGE: Final = 200


@job(REDRIVE)
@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayDeliveries:
    """Write new deliveries for what was found, one page per transaction; begun anew, it goes on where it was."""

    unit_of_work: UnitOfWorkFactory
    dead_letters: DeadLetterReader
    clock: Clock
    ids: Ids

    async def __call__(self, run: JobRun[RedriveJob]) -> None:
        newest: UUID | None = run.payload.newest
        while newest is not None:
            newest = await self._page(run.tenant_id, run.payload, newest)

    async def _page(self, tenant_id: str, wanted: RedriveJob, newest: UUID) -> UUID | None:
        """One page from `newest` down; where the next one begins."""
        dead = await self.dead_letters.redrivable(
            tenant_id, wanted.wanted, oldest=wanted.oldest, newest=newest, limit=PAGE + 1
        )
        now = self.clock.now()
        replays = [replay_of(one, replay_id=self.ids.new(), now=now) for one in dead[:PAGE]]
        if replays:
            async with self.unit_of_work() as uow:
                await write_replays(uow, tenant_id, replays)
                await uow.commit()
        return dead[PAGE].id if len(dead) > PAGE else None
