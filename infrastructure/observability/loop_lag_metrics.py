"""How late the event loop is."""

import asyncio
from collections.abc import Callable
from typing import Final

from application.jobs.background import Background
from application.ports.log import Log
from application.ports.metrics import Metrics
from application.ports.task_supervisor import TaskSupervisor

INTERVAL_SECONDS: Final = 0.25
# By then a heartbeat or a stream is late enough for somebody to notice.
WARNING_SECONDS: Final = 1.0


class LoopLagMonitor:
    """Asks to be called back each `interval` seconds, and tells by how much too late that was.

    A loop that something holds up, and a process that stands still, are seen when they go on. Lags of `warning` seconds
    and more are logged as well.
    """

    def __init__(
        self,
        supervisor: TaskSupervisor,
        *,
        metrics: Callable[[], Metrics],
        log: Callable[[], Log],
        interval: float = INTERVAL_SECONDS,
        warning: float = WARNING_SECONDS,
    ) -> None:
        self._metrics = metrics
        self._log = log
        self._interval = interval
        self._warning = warning
        self._background = Background("loop_lag", self._run, supervisor)

    async def start(self) -> None:
        """Begin, unless it runs already."""
        self._background.start()

    async def stop(self) -> None:
        """End."""
        await self._background.stop()

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            wanted = loop.time() + self._interval
            await asyncio.sleep(self._interval)
            # A timer may ring early by as much as the clock is coarse.
            lag = max(loop.time() - wanted, 0.0)
            self._metrics().observe("event_loop_lag_seconds", lag)
            if lag >= self._warning:
                self._log().warning("loop.lagged", seconds=round(lag, 3))
