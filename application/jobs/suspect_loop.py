"""Looking after what dead workers left behind."""

import asyncio
from collections.abc import Sequence
from typing import Any, Protocol

from application.jobs.loop_ports import LoopPorts
from application.jobs.periodic import SPREAD
from application.jobs.suspect_gate import SuspectGate


class SuspectWork(Protocol):
    """One kind of suspects."""

    async def waiting(self) -> bool:
        """Whether there are any; a look that leases nothing."""
        ...

    # Any: items of the kind's own type, handed back to the same object.
    async def claim(self) -> Sequence[Any]:
        """A group of first-time suspects, a few whose group crashed, or one that runs alone."""
        ...

    async def run(self, items: Sequence[Any]) -> None:
        """Run them to their ends, as normal work is: under leases that are prolonged, with results recorded."""
        ...


class SuspectLoop:
    """Once a sweep, takes over one claim of suspects of each kind, with nothing else in flight in this process.

    While there are more, it looks again as soon as normal work has had its share.
    """

    def __init__(
        self, kinds: Sequence[SuspectWork], *, gate: SuspectGate, sweep_seconds: float, ports: LoopPorts
    ) -> None:
        self._kinds = kinds
        self._gate = gate
        self._sweep = sweep_seconds
        self._ports = ports
        self._closed = asyncio.Event()

    async def run(self) -> None:
        """Look until `close`. Begins with a pause: a process that dies of its suspects gets normal work done first."""
        pause = self._sweep
        while not await self._closed_within(pause):
            try:
                found = await self.look()
            except Exception as error:  # noqa: BLE001 - the loop must go on: the suspects are still there
                self._ports.log().exception("worker.suspects_failed", error)
                found = False
            # A pause is spread, so it may end before the rest does: then it was too early to look, and not in vain.
            rest = self._gate.rest
            pause = min(rest, self._sweep) if found or rest > 0 else self._sweep

    def close(self) -> None:
        """Look no more; what was taken over is run to its end."""
        self._closed.set()

    async def look(self) -> bool:
        """One look at every kind; whether any were taken over."""
        found = False
        for kind in self._kinds:
            if self._gate.rest <= 0 and not self._closed.is_set() and await kind.waiting():
                found = await self._take(kind) or found
        return found

    async def _take(self, kind: SuspectWork) -> bool:
        async with self._gate.alone():
            items = await kind.claim()
            if items:
                self._ports.log().warning("worker.suspects_taken", items=len(items))
                await kind.run(items)
        return bool(items)

    async def _closed_within(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(self._ports.jitter().spread(seconds, SPREAD)):
                await self._closed.wait()
        except TimeoutError:
            pass
        return self._closed.is_set()
