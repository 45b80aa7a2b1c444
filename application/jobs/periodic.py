"""Doing something again and again."""

import asyncio
from collections.abc import Awaitable, Callable

from application.jobs.background import Background
from application.jobs.loop_ports import LoopPorts

# Several processes that were started together should not march in step.
SPREAD = 0.1


class Periodic:
    """Calls `turn` each `seconds`, the first time at once. A turn that fails is logged, and the next one comes."""

    def __init__(self, name: str, turn: Callable[[], Awaitable[object]], *, seconds: float, ports: LoopPorts) -> None:
        self._name = name
        self._turn = turn
        self._seconds = seconds
        self._ports = ports
        self._background = Background(name, self._run, ports.supervisor)

    async def start(self) -> None:
        """Begin, unless it runs already."""
        self._background.start()

    async def stop(self) -> None:
        """End, in the middle of a turn if need be."""
        await self._background.stop()

    async def _run(self) -> None:
        while True:
            try:
                await self._turn()
            except Exception as error:  # noqa: BLE001 - the next turn may succeed
                self._ports.log().exception("periodic.turn_failed", error, loop=self._name)
            await asyncio.sleep(self._ports.jitter().spread(self._seconds, SPREAD))
