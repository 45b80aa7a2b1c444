"""Relaying all the time."""

import asyncio
from collections.abc import Awaitable, Callable

from application.jobs.background import Background
from application.jobs.loop_ports import LoopPorts
from application.jobs.wake_bus import Sleeper, WakeBus
from application.ports.event_relay import RELAY_QUEUE
from application.relay.fold_tallies import FoldTallies
from application.relay.relay_events import RelayEvents
from application.relay.relay_state import RelayState

BUSY_SECONDS = 0.25
IDLE_SECONDS = 1.0
LONGEST_REST = 5.0


class RelayLoop(Sleeper):
    """Runs the relay's rounds: at once when woken by a commit, 0.25 s apart while there is something to do, else 1 s.

    A round that found something is not cut short by wake-ups: however many commits wake it, they share the next one.
    A process that is not the relay does not hear them at all: it would only ask for the lease more often.
    """

    def __init__(
        self,
        *,
        relay_events: Callable[[], RelayEvents],
        fold_tallies: Callable[[], FoldTallies],
        state: RelayState,
        bus: WakeBus,
        ports: LoopPorts,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._relay_events = relay_events
        self._fold_tallies = fold_tallies
        self._state = state
        self._sleep = sleep
        self._bus = bus
        self._ports = ports
        self._woken = asyncio.Event()
        self._background = Background("relay", self._run, ports.supervisor)

    async def start(self) -> None:
        """Begin, unless it runs already."""
        self._bus.listen(RELAY_QUEUE, self)
        self._background.start()

    async def stop(self) -> None:
        """End, and leave the lease to another process."""
        self._bus.forget(self)
        await self._background.stop()
        try:
            await self._relay_events().let_go()
        except Exception as error:  # noqa: BLE001 - it runs out by itself
            self._ports.log().exception("relay.lease_not_released", error)

    def wake(self) -> None:
        self._woken.set()

    async def drained(self) -> None:
        """Nobody waits for the relay."""

    async def _run(self) -> None:
        failures = 0
        while True:
            self._woken.clear()
            try:
                busy = await self._round()
                failures = 0
            except Exception as error:  # noqa: BLE001 - the events are still there
                failures += 1
                self._ports.log().exception("relay.round_failed", error)
                await self._sleep(min(IDLE_SECONDS * 2.0**failures, LONGEST_REST))
                continue
            await self._rest(busy=busy)

    async def _round(self) -> bool:
        relayed = await self._relay_events()()
        folded = await self._fold_tallies()()
        return relayed or folded

    async def _rest(self, *, busy: bool) -> None:
        if busy:
            await self._sleep(BUSY_SECONDS)
        elif not self._state.lease.fresh:
            await self._sleep(IDLE_SECONDS)
        else:
            await self._until_woken()

    async def _until_woken(self) -> None:
        try:
            async with asyncio.timeout(IDLE_SECONDS):
                await self._woken.wait()
        except TimeoutError:
            pass
