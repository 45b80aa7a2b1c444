"""A few processes that render, started when they are needed."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from infrastructure.system.bounded_executor import Overloaded
from infrastructure.templates.render_process import RenderProcess, start_process
from infrastructure.templates.wire import Answer, Batch

_RETRY_AFTER: Final = 1.0


class RenderPool:
    """At most `processes` batches are rendered at once and `waiting` wait; what comes then is refused.

    A process that does not answer is killed, and the next batch starts another. After `stop` it may be used again.
    """

    def __init__(
        self, *, processes: int, waiting: int, launch: Callable[[], Awaitable[RenderProcess]] = start_process
    ) -> None:
        self.processes = processes
        self._most_waiting = waiting
        self._launch = launch
        self._places = asyncio.Semaphore(processes)
        self._waiting = 0
        self._idle: list[RenderProcess] = []
        self._killed: list[RenderProcess] = []

    async def run(self, batch: Batch, seconds: float) -> Sequence[Answer]:
        """An answer to each job, each within `seconds`. Raises `RendererDied`, `Overloaded` and `Unavailable`."""
        await self._take_place()
        try:
            return await self._run_on_a_process(batch, seconds)
        finally:
            self._places.release()

    async def start(self) -> None:
        """Nothing: who renders nothing pays nothing."""

    async def stop(self) -> None:
        """End every process that is idle. Those at work end with their batch, or their caller."""
        idle, self._idle = self._idle, []
        for process in idle:
            await process.kill()
        await self._bury()

    @property
    def idle(self) -> Sequence[RenderProcess]:
        """The processes that wait for work."""
        return self._idle

    async def _take_place(self) -> None:
        if self._places.locked() and self._waiting >= self._most_waiting:
            raise Overloaded(retry_after=_RETRY_AFTER)
        self._waiting += 1
        try:
            await self._places.acquire()
        finally:
            self._waiting -= 1

    async def _run_on_a_process(self, batch: Batch, seconds: float) -> Sequence[Answer]:
        await self._bury()
        process = self._awake() or await self._launch()
        try:
            answers = await process.run(batch, seconds)
        except BaseException:  # Also when the caller has gone: answers nobody waits for would meet the next batch.
            self._let_go(process)
            raise
        if process.worn_out:
            self._let_go(process)
        else:
            self._idle.append(process)
        return answers

    def _awake(self) -> RenderProcess | None:
        """One that waits for work and has not died meanwhile, which would not be the fault of the next job."""
        while self._idle:
            process = self._idle.pop()
            if process.alive:
                return process
            self._let_go(process)
        return None

    def _let_go(self, process: RenderProcess) -> None:
        process.kill_soon()
        self._killed.append(process)

    async def _bury(self) -> None:
        """Wait for those that were killed, which takes no time: else they stay in the table of processes."""
        while self._killed:
            await self._killed.pop().kill()
