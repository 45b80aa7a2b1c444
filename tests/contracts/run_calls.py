"""Calls to the queue of runs, each in a transaction of its own."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

from application.ports.run_queue import ClaimedRun, RunProgress, RunQueue
from application.shared.system_scope import SystemScope
from domain.notifications.delivery import Priority
from domain.workflows.run import Run
from tests.contracts.queue_calls import LONG
from tests.contracts.samples import QUEUE, SCOPE, TENANT
from tests.contracts.stores import Store


@dataclass(frozen=True, slots=True)
class Runs:
    """The runs of a store, as one worker sees them."""

    store: Store
    scope: SystemScope = SCOPE

    @asynccontextmanager
    async def _open(self) -> AsyncIterator[RunQueue]:
        async with self.store.unit_of_work() as uow:
            yield uow.run_queue
            await uow.commit()

    async def due_lines(self, *queues: str) -> set[tuple[str, Priority]]:
        async with self._open() as opened:
            return await opened.due_lines(self.scope, queues or (QUEUE,))

    async def claim(
        self, limit: int = 10, *, lease: float = LONG, queue: str = QUEUE, priority: Priority = Priority.NORMAL
    ) -> list[ClaimedRun]:
        async with self._open() as opened:
            return await opened.claim(self.scope, queue=queue, priority=priority, limit=limit, lease_seconds=lease)

    async def suspects_waiting(self, *queues: str) -> bool:
        async with self._open() as opened:
            return await opened.suspects_waiting(self.scope, queues or (QUEUE,))

    async def claim_suspects(
        self, limit: int = 10, *, lease: float = LONG, queues: Sequence[str] = (QUEUE,)
    ) -> list[ClaimedRun]:
        async with self._open() as opened:
            return await opened.claim_suspects(self.scope, queues=queues, limit=limit, lease_seconds=lease)

    async def renew(self, *claimed: ClaimedRun, lease: float = LONG) -> set[UUID]:
        async with self._open() as opened:
            return await opened.renew(self.scope, leases_of(claimed), lease)

    async def hold(self, *claimed: ClaimedRun) -> set[UUID]:
        async with self._open() as opened:
            return await opened.hold(self.scope, leases_of(claimed))

    async def save(self, *progress: RunProgress) -> set[UUID]:
        """Hold what is still ours of these and save all of them; returns what was held."""
        async with self._open() as opened:
            held = await opened.hold(self.scope, [(each.run.id, each.token) for each in progress])
            await opened.save(self.scope, progress)
            return held

    async def release(self, *claimed: ClaimedRun) -> None:
        async with self._open() as opened:
            await opened.release(self.scope, leases_of(claimed))

    async def stored(self, run: Run) -> Run:
        """The run as it is now."""
        key = run.notification_id, run.target
        async with self.store.unit_of_work() as uow:
            return (await uow.runs.get_many(run.tenant_id, [key]))[key]

    async def of_notification(self, notification_id: UUID) -> list[Run]:
        async with self.store.unit_of_work() as uow:
            return await uow.runs.of_notification(TENANT, notification_id, None, 1_000)


def progress(claimed: ClaimedRun, run: Run | None = None, *, delay: float = 0.0) -> RunProgress:
    """That it has come as far as `run`, or no further."""
    return RunProgress(run=run or claimed.run, token=claimed.token, delay=delay)


def leases_of(claimed: Sequence[ClaimedRun]) -> list[tuple[UUID, int]]:
    return [(one.run.id, one.token) for one in claimed]


def ids_of(claimed: Sequence[ClaimedRun]) -> list[UUID]:
    return [one.run.id for one in claimed]
