"""Calls to the job store, each in a transaction of its own."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

from application.ports.job_store import JobStore
from application.shared.system_scope import SystemScope
from domain.jobs.job import Job
from domain.notifications.delivery import Priority
from tests.contracts.queue_calls import LONG
from tests.contracts.samples import SCOPE
from tests.contracts.stores import Store


def token_of(job: Job) -> int:
    assert job.lease is not None, "a claimed job is leased"
    return job.lease.token


@dataclass(frozen=True, slots=True)
class Jobs:
    """The jobs of a store, as one worker sees them."""

    store: Store
    scope: SystemScope = SCOPE

    @asynccontextmanager
    async def _open(self) -> AsyncIterator[JobStore]:
        async with self.store.unit_of_work() as uow:
            yield uow.job_store
            await uow.commit()

    async def due_lines(self, queue: str = "default") -> set[Priority]:
        async with self._open() as opened:
            return await opened.due_lines(self.scope, queue)

    async def claim(
        self,
        limit: int = 10,
        *,
        lease: float = LONG,
        queue: str = "default",
        priority: Priority = Priority.NORMAL,
    ) -> list[Job]:
        async with self._open() as opened:
            return await opened.claim(self.scope, queue=queue, priority=priority, limit=limit, lease_seconds=lease)

    async def claim_suspects(
        self, limit: int = 10, *, lease: float = LONG, queues: Sequence[str] = ("default",)
    ) -> list[Job]:
        async with self._open() as opened:
            return await opened.claim_suspects(self.scope, queues=queues, limit=limit, lease_seconds=lease)

    async def suspects_waiting(self, *queues: str) -> bool:
        async with self._open() as opened:
            return await opened.suspects_waiting(self.scope, queues or ("default",))

    async def renew(self, *jobs: Job, lease: float = LONG) -> set[UUID]:
        async with self._open() as opened:
            return await opened.renew(self.scope, [(job.id, token_of(job)) for job in jobs], lease)

    async def complete(self, job: Job) -> bool:
        async with self._open() as opened:
            return await opened.complete(self.scope, job.id, token_of(job))

    async def retry(self, job: Job, *, delay: float = 0.0, error: str = "ValueError: no") -> bool:
        async with self._open() as opened:
            return await opened.retry(self.scope, job.id, token_of(job), delay=delay, error=error)

    async def bury(self, job: Job, *, error: str = "ValueError: never") -> bool:
        async with self._open() as opened:
            return await opened.bury(self.scope, job.id, token_of(job), error=error)

    async def release(self, job: Job, *, delay: float = 0.0, error: str | None = None) -> bool:
        async with self._open() as opened:
            return await opened.release(self.scope, job.id, token_of(job), delay=delay, error=error)
