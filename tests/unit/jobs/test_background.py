"""Loops that are started and stopped."""

import asyncio

from application.jobs.background import Background
from infrastructure.system.task_supervisor import AsyncioTaskSupervisor
from tests.unit.worker.world import until


class Counting:
    """Runs until it is cancelled."""

    def __init__(self) -> None:
        self.began = 0
        self.ended = 0

    async def __call__(self) -> None:
        self.began += 1
        try:
            await asyncio.Event().wait()
        finally:
            self.ended += 1


async def test_it_runs_once_and_ends_when_it_is_stopped() -> None:
    work = Counting()
    loop = Background("loop", work, AsyncioTaskSupervisor())
    loop.start()
    loop.start()
    await until(lambda: work.began)
    await asyncio.wait_for(loop.stop(), 1)

    assert (work.began, work.ended) == (1, 1)


async def test_it_never_begins_when_it_is_stopped_first() -> None:
    work = Counting()
    loop = Background("loop", work, AsyncioTaskSupervisor())
    loop.start()
    loop.cancel()
    await asyncio.wait_for(loop.ended(), 1)

    assert work.began == 0


async def test_it_runs_again_when_it_is_started_again() -> None:
    work = Counting()
    loop = Background("loop", work, AsyncioTaskSupervisor())
    for _ in range(2):
        loop.start()
        await until(lambda: work.began > work.ended)
        await loop.stop()

    assert work.ended == 2


async def test_stopping_returns_when_it_was_never_started_or_refused() -> None:
    supervisor = AsyncioTaskSupervisor()
    loop = Background("loop", Counting(), supervisor)
    await asyncio.wait_for(loop.stop(), 1)
    await supervisor.drain(0)
    loop.start()
    await asyncio.wait_for(loop.stop(), 1)
