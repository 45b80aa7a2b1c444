"""A worker over the store in memory, and a clock that tests turn."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from application.ports.unit_of_work import SystemUnitOfWork
from application.ports.workflow_versions import WorkflowVersions
from application.shared.reaction import Reactions
from domain.jobs.job import Job
from domain.notifications.attempt import Attempt
from domain.notifications.delivery import Delivery
from infrastructure.memory.database import MemoryDatabase
from infrastructure.memory.fixed_clock import FixedClock
from infrastructure.memory.recording_channel import RecordingChannel
from infrastructure.memory.unit_of_work import MemoryUnitOfWork
from infrastructure.memory.workflows import MemoryWorkflowVersions
from infrastructure.streams.memory_hints import HintBus, MemoryHints
from tests.unit.worker.assembly import Assembly


class World(Assembly):
    """`beside` another world it works on its store. `before_transaction` may raise as a store that is away does."""

    clock: FixedClock

    def __init__(
        self,
        *channels: RecordingChannel,
        plan: Mapping[str, Any] | None = None,
        owner: str = "worker-1",
        beside: "World | None" = None,
    ) -> None:
        super().__init__(*channels, plan=plan, owner=owner)
        self.clock = beside.clock if beside else FixedClock(datetime(2026, 3, 1, 12, tzinfo=UTC))
        self.database: MemoryDatabase = beside.database if beside else MemoryDatabase()
        self.before_transaction: Callable[[], Awaitable[None]] | None = None

    def unit_of_work(self) -> SystemUnitOfWork:
        return _Watched(
            self,
            database=self.database,
            clock=self.clock,
            hints=MemoryHints(HintBus(self.logged)),
            wake_ups=self.wake_ups,
            reactions=Reactions.of(()),
            interest=self.interest,
            ids=self.ids,
            trace=self.trace,
            log=self.logged(),
            metrics=self.metrics,
        )

    def versions(self) -> WorkflowVersions:
        return MemoryWorkflowVersions(database=self.database)

    def delivery(self, of: Delivery) -> Delivery:
        """As it is stored now."""
        entry = self.database.deliveries.committed.get(of.id)
        assert entry is not None
        return entry.item

    def deliveries(self) -> list[Delivery]:
        return [entry.item for entry in self.database.deliveries.committed.all()]

    def attempts(self, of: Delivery) -> list[Attempt]:
        """Oldest first."""
        return sorted(
            (each for each in self.database.attempts.committed.all() if each.delivery_id == of.id),
            key=lambda each: each.id,
        )

    def due_in(self, of: Delivery) -> float:
        """Seconds until it is due, or its lease runs out."""
        entry = self.database.deliveries.committed.get(of.id)
        assert entry is not None
        return (entry.at - self.clock.now()).total_seconds()

    def job(self, job_id: UUID) -> Job:
        entry = self.database.jobs.committed.get(job_id)
        assert entry is not None
        return entry.item

    def job_due_in(self, job_id: UUID) -> float:
        entry = self.database.jobs.committed.get(job_id)
        assert entry is not None
        return (entry.at - self.clock.now()).total_seconds()


class _Watched(MemoryUnitOfWork):
    """Runs the world's `before_transaction` first, which may raise as a store that is away does."""

    def __init__(self, world: World, **parts: Any) -> None:
        super().__init__(**parts)
        self._world = world

    async def __aenter__(self) -> "_Watched":
        if self._world.before_transaction is not None:
            await self._world.before_transaction()
        await super().__aenter__()
        return self


async def until(condition: Callable[[], object], seconds: float = 5) -> None:
    """Poll; a condition that stays false fails the test."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - nobody could set an event for any condition
            await asyncio.sleep(0.002)


def all_in(statuses: Sequence[str], world: World) -> Callable[[], bool]:
    """Whether every delivery has one of these."""
    return lambda: all(each.status.value in statuses for each in world.deliveries())
