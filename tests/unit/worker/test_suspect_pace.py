"""How soon the next suspect is looked after."""

import asyncio
from collections.abc import Sequence
from typing import Any

from application.jobs.loop_ports import LoopPorts
from application.jobs.suspect_gate import SuspectGate
from application.jobs.suspect_loop import SuspectLoop
from application.jobs.wake_bus import WakeBus
from application.ports.jitter import Jitter
from infrastructure.observability.memory_log import MemoryLog
from infrastructure.queue.local import LocalWakeUps
from infrastructure.system.task_supervisor import AsyncioTaskSupervisor

FOREVER = 3_600.0


class TooEarly(Jitter):
    """Begins at once, and then ends every pause before its time."""

    def __init__(self) -> None:
        self._begun = False

    def spread(self, seconds: float, share: float) -> float:
        begun, self._begun = self._begun, True
        return seconds / 2 if begun else 0.0


class Three:
    """So many suspects, each of which takes a moment."""

    def __init__(self) -> None:
        self.left = 3
        self.done = asyncio.Event()

    async def waiting(self) -> bool:
        return self.left > 0

    async def claim(self) -> Sequence[Any]:
        return [self.left]

    async def run(self, items: Sequence[Any]) -> None:
        await asyncio.sleep(0.02)
        self.left -= 1
        if self.left == 0:
            self.done.set()


async def test_the_next_one_does_not_wait_for_the_sweep_when_a_look_came_too_early() -> None:
    suspects, jitter, log = Three(), TooEarly(), MemoryLog()
    ports = LoopPorts(
        supervisor=AsyncioTaskSupervisor(),
        wake_ups=lambda: LocalWakeUps(WakeBus()),
        jitter=lambda: jitter,
        log=lambda: log,
    )
    loop = SuspectLoop([suspects], gate=SuspectGate(), sweep_seconds=FOREVER, ports=ports)
    running = asyncio.create_task(loop.run())
    async with asyncio.timeout(10):
        await suspects.done.wait()
    loop.close()
    await running
