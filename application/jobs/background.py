"""A loop of this process that is started and stopped with it."""

import asyncio
from collections.abc import Awaitable, Callable
from inspect import CORO_CLOSED, getcoroutinestate

from application.ports.task_supervisor import TaskSupervisor


class Background:
    """Runs `work` in a supervised task, until it ends by itself or is cancelled."""

    def __init__(self, name: str, work: Callable[[], Awaitable[None]], supervisor: TaskSupervisor) -> None:
        self._name = name
        self._work = work
        self._supervisor = supervisor
        self._task: asyncio.Task[object] | None = None
        self._over = asyncio.Event()
        self._over.set()
        self._cancelled = False

    def start(self) -> None:
        """Begin, unless it runs already. Does nothing while the supervisor drains."""
        if not self._over.is_set():
            return
        self._cancelled = False
        self._over = asyncio.Event()
        running = self._run(self._over)
        self._supervisor.spawn(self._name, running)
        if getcoroutinestate(running) == CORO_CLOSED:
            self._over.set()

    async def ended(self) -> None:
        """Wait for its end; at once when it was never begun."""
        await self._over.wait()

    def cancel(self) -> None:
        """Ask it to end now."""
        self._cancelled = True
        if self._task is not None:
            self._task.cancel()

    async def stop(self) -> None:
        """Cancel, and wait for the end."""
        self.cancel()
        await self.ended()

    async def _run(self, over: asyncio.Event) -> None:
        try:
            if not self._cancelled:
                self._task = asyncio.current_task()
                await self._work()
        except asyncio.CancelledError:
            if not self._cancelled:
                raise
        finally:
            self._task = None
            over.set()
