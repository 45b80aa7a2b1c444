"""Background tasks on asyncio; the only file that creates any."""

import asyncio
from collections import Counter
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from typing import Any

import structlog

from application.ports.task_supervisor import TaskSupervisor


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskCounts:
    """Of one name: how many run now, were ever started, and ended in an exception."""

    running: int
    started: int
    crashed: int


class AsyncioTaskSupervisor(TaskSupervisor):
    """Holds a strong reference to each task: the loop alone holds weak ones, and a task may vanish halfway.

    Names are few and fixed, since there is a count for each. A task that ignores its cancellation for `cancel_grace`
    seconds is logged and left behind, so that it cannot hold up the shutdown for ever.
    """

    def __init__(self, *, drain_timeout: float = 10.0, cancel_grace: float = 5.0) -> None:
        self._drain_timeout = drain_timeout
        self._cancel_grace = cancel_grace
        self._draining = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._started: Counter[str] = Counter()
        self._crashed: Counter[str] = Counter()
        self._log = structlog.stdlib.get_logger("carillon.tasks")

    def spawn(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        if self._draining:
            work.close()
            self._log.info("task_refused_while_draining", task=name)
            return
        task = asyncio.create_task(work, name=name)
        self._started[name] += 1
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    async def drain(self, timeout: float) -> None:
        self._draining = True
        running = await self._wait_for_others(timeout)
        for task in running:
            task.cancel()
        for task in await self._wait_for_others(self._cancel_grace):
            self._log.error("task_ignored_cancellation", task=task.get_name())

    async def start(self) -> None:
        """Accept work, also again after a drain."""
        self._draining = False

    async def stop(self) -> None:
        """Drain within the configured time."""
        await self.drain(self._drain_timeout)

    def counts(self) -> Mapping[str, TaskCounts]:
        """By name, for metrics."""
        running = Counter(task.get_name() for task in self._tasks)
        return {
            name: TaskCounts(running=running[name], started=started, crashed=self._crashed[name])
            for name, started in self._started.items()
        }

    async def _wait_for_others(self, seconds: float) -> set[asyncio.Task[None]]:
        """The tasks still running after `seconds`, but for the caller's own: it may be supervised itself."""
        others = self._tasks - {asyncio.current_task()}
        if not others:
            return set()
        _, pending = await asyncio.wait(others, timeout=seconds)
        return pending

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        crash = None if task.cancelled() else task.exception()
        if crash is not None:
            self._crashed[task.get_name()] += 1
            self._log.error("task_crashed", task=task.get_name(), exc_info=crash)
