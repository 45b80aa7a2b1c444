"""Giving leased runs back."""

from collections.abc import Sequence
from dataclasses import dataclass

from application.ports.run_queue import ClaimedRun
from application.shared.run_once import SystemUnitOfWorkFactory
from application.shared.system_scope import SystemScope


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseRuns:
    """Give leased runs back as they were: due at once."""

    unit_of_work: SystemUnitOfWorkFactory
    scope: SystemScope

    async def __call__(self, claimed: Sequence[ClaimedRun]) -> None:
        async with self.unit_of_work() as uow:
            await uow.run_queue.release(self.scope, [(one.run.id, one.token) for one in claimed])
            await uow.commit()
