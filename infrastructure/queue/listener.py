"""Hearing the wake-ups of other processes."""

import asyncio
from collections.abc import Callable

from taskiq import AsyncBroker
from taskiq.receiver import Receiver

from application.jobs.background import Background
from application.ports.log import Log
from application.ports.task_supervisor import TaskSupervisor

MAX_TASKS = 100
# Tasks that wait for the loops to drain: at the end of a process nobody waits for them.
LAST_TASKS_SECONDS = 0.5
RETRY_SECONDS = 1.0


class WakeListener:
    """Runs Taskiq's receiver in this process, as `taskiq worker` does in its own.

    When the broker breaks down, it is listened to again after a second: until then the sweeps do.
    """

    def __init__(self, broker: AsyncBroker, *, supervisor: TaskSupervisor, log: Callable[[], Log]) -> None:
        self._broker = broker
        self._log = log
        self._finish = asyncio.Event()
        self._background = Background("wake_ups:listener", self._listen, supervisor)

    async def start(self) -> None:
        """Begin to listen, unless it does already."""
        self._finish = asyncio.Event()
        await self._broker.startup()
        self._background.start()

    async def stop(self) -> None:
        """Listen no more."""
        self._finish.set()
        await self._background.ended()
        await self._broker.shutdown()

    async def _listen(self) -> None:
        while not self._finish.is_set():
            try:
                await self._receiver().listen(self._finish)
            except Exception as error:  # noqa: BLE001 - see the class
                self._log().exception("queue.listener_failed", error)
                await self._rest()

    def _receiver(self) -> Receiver:
        return Receiver(
            broker=self._broker,
            run_startup=False,
            max_async_tasks=MAX_TASKS,
            wait_tasks_timeout=LAST_TASKS_SECONDS,
        )

    async def _rest(self) -> None:
        try:
            async with asyncio.timeout(RETRY_SECONDS):
                await self._finish.wait()
        except TimeoutError:
            pass
