"""Taking over the runs of dead workers."""

from collections.abc import Sequence
from dataclasses import dataclass

from application.ports.clock import Clock
from application.ports.log import Log
from application.ports.run_queue import ClaimedRun, RunProgress
from application.ports.unit_of_work import SystemUnitOfWork
from application.shared.run_once import SystemUnitOfWorkFactory
from application.shared.system_scope import SystemScope
from application.workflows.run_writer import counted
from domain.notifications.delivery import POISON
from domain.shared.lease import poisonous
from domain.workflows.run import RunStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimSuspectRuns:
    """Take over runs whose worker died with them. One that killed three workers while it ran alone has `failed`."""

    unit_of_work: SystemUnitOfWorkFactory
    scope: SystemScope
    clock: Clock
    log: Log
    lease_seconds: float

    async def waiting(self, queues: Sequence[str]) -> bool:
        """Whether there is any; a look that leases nothing."""
        async with self.unit_of_work() as uow:
            return await uow.run_queue.suspects_waiting(self.scope, queues)

    async def __call__(self, queues: Sequence[str], limit: int) -> list[ClaimedRun]:
        async with self.unit_of_work() as uow:
            claimed = await uow.run_queue.claim_suspects(
                self.scope, queues=queues, limit=limit, lease_seconds=self.lease_seconds
            )
            if not claimed:
                return []
            poison = [one for one in claimed if poisonous(one.run.crashes)]
            await self._bury(uow, poison)
            await uow.commit()
        for one in poison:
            self.log.error(
                "run.failed", run_id=str(one.run.id), notification_id=str(one.run.notification_id), reason=POISON
            )
        return [one for one in claimed if not poisonous(one.run.crashes)]

    async def _bury(self, uow: SystemUnitOfWork, poison: Sequence[ClaimedRun]) -> None:
        now = self.clock.now()
        ended = [RunProgress(run=one.run.ended(RunStatus.FAILED, now, POISON), token=one.token) for one in poison]
        if ended:
            await uow.run_queue.save(self.scope, ended)
        for one in poison:
            change = counted([RunStatus.FAILED])
            await uow.notifications.add_tally(one.run.tenant_id, one.run.notification_id, change)
