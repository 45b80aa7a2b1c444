"""A loop that is held up is noticed (F-12)."""

import time

from infrastructure.observability.loop_lag_metrics import LoopLagMonitor
from infrastructure.observability.memory_log import MemoryLog
from infrastructure.observability.memory_metrics import MemoryMetrics
from infrastructure.system.task_supervisor import AsyncioTaskSupervisor
from tests.e2e.processes import eventually

NAME = "event_loop_lag_seconds"


class Monitored:
    """A monitor, and what it has told."""

    def __init__(self, warning: float) -> None:
        self.metrics, self.log = MemoryMetrics(), MemoryLog()
        self.monitor = LoopLagMonitor(
            AsyncioTaskSupervisor(), metrics=lambda: self.metrics, log=lambda: self.log, interval=0.01, warning=warning
        )

    async def samples(self) -> tuple[float, ...]:
        return self.metrics.samples(NAME)


async def test_lag_is_observed_and_logged_when_something_holds_up_the_loop() -> None:
    monitored = Monitored(warning=0.15)
    await monitored.monitor.start()
    await eventually(monitored.samples)

    time.sleep(0.2)  # noqa: ASYNC251 - the very mistake that is to be seen
    await eventually(monitored.samples, lambda seen: max(seen) >= 0.15)

    await monitored.monitor.stop()
    [*_, line] = monitored.log.lines("loop.lagged")
    seconds = line.fields["seconds"]
    assert isinstance(seconds, float)
    assert seconds >= 0.15


async def test_nothing_is_logged_when_the_lag_is_short_of_the_warning() -> None:
    monitored = Monitored(warning=3_600)
    await monitored.monitor.start()

    await eventually(monitored.samples, lambda seen: len(seen) >= 3)

    await monitored.monitor.stop()
    assert all(seconds >= 0 for seconds in await monitored.samples())
    assert not monitored.log.lines("loop.lagged")
