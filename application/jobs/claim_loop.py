"""Claiming work as slots come free."""

import asyncio
import time
from collections.abc import Callable, Sequence
from inspect import CORO_CLOSED, getcoroutinestate
from typing import Generic, Protocol, TypeVar

from application.jobs.loop_ports import LoopPorts
from application.jobs.periodic import SPREAD
from application.jobs.suspect_gate import SuspectGate
from application.jobs.wake_bus import Sleeper

Item = TypeVar("Item")

# Every so many claims begin with the lowest class, so that bulk work is never starved.
LOWEST_FIRST_EVERY = 8
# The longest rest after claims that failed: long enough to leave a store in trouble alone, short enough to be there
# when it is back.
LONGEST_REST = 5.0


class Work(Protocol[Item]):
    """What a loop claims and runs."""

    @property
    def name(self) -> str: ...

    @property
    def wakes(self) -> Sequence[str]:
        """The queues whose wake-ups are for it; what lies elsewhere is found by a sweep."""
        ...

    def queue_of(self, item: Item) -> str:
        """Where it was claimed from."""
        ...

    async def claim(self, limit: int, *, lowest_first: bool) -> Sequence[Item]: ...

    async def run(self, items: Sequence[Item], finished: Callable[[Item], None]) -> None:
        """Run them at once, and call `finished` for each as soon as its outcome is recorded.

        When it is cancelled it gives back what has no outcome yet. What it raises is a mistake of ours.
        """
        ...


class ClaimLoop(Sleeper, Generic[Item]):
    """Keeps `slots` pieces of one kind of work in flight.

    Claims when it is woken, when a slot comes free after a full claim, and once a sweep without being told.
    """

    def __init__(
        self, work: Work[Item], *, slots: int, sweep_seconds: float, gate: SuspectGate, ports: LoopPorts
    ) -> None:
        self.work = work
        self._slots = slots
        self._sweep = sweep_seconds
        self._gate = gate
        self._ports = ports
        self._woken = asyncio.Event()
        self._closed = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._drained = asyncio.Event()
        self._in_flight: dict[int, Item] = {}
        self._batches: set[asyncio.Task[object]] = set()
        self._claims = 0
        self._failures = 0
        self._pass_on_at = 0.0
        # Whether more may be due than there were slots for.
        self._more = True

    def wake(self) -> None:
        if not self._closed.is_set():
            self._drained.clear()
            self._woken.set()

    async def drained(self) -> None:
        await self._drained.wait()

    async def run(self) -> None:
        """Claim until `close`. A claim that fails is tried again after a rest, which no wake-up shortens."""
        while not self._closed.is_set():
            self._woken.clear()
            try:
                full = await self._claim_once()
                self._failures = 0
            except Exception as error:  # noqa: BLE001 - the loop must go on: the rows are still there
                self._ports.log().exception("worker.claim_failed", error, loop=self.work.name)
                self._failures += 1
                await self._wait(self._closed, min(self._sweep * 2**self._failures, LONGEST_REST))
                continue
            if not full:
                await self._wait(self._woken, self._sweep)

    async def _wait(self, event: asyncio.Event, seconds: float) -> None:
        try:
            async with asyncio.timeout(self._ports.jitter().spread(seconds, SPREAD)):
                await event.wait()
        except TimeoutError:
            pass

    async def _claim_once(self) -> bool:
        """Claim into the free slots; whether the claim came back full, and more may be due."""
        free = self._slots - len(self._in_flight)
        if free <= 0:
            return False
        await self._gate.entered()
        try:
            if self._closed.is_set():
                return False
            self._claims += 1
            items = await self.work.claim(free, lowest_first=self._claims % LOWEST_FIRST_EVERY == 0)
            self._more = len(items) >= free
            if items:
                self._start(items)
        finally:
            self._gate.left()
        if self._more:
            await self._pass_on(items)
        self._note_drained()
        return self._more

    async def _pass_on(self, items: Sequence[Item]) -> None:
        """Make idle workers join. Once a sweep is enough: those that have joined find the next ones by themselves."""
        now = time.monotonic()
        if now >= self._pass_on_at:
            self._pass_on_at = now + self._sweep
            await self._ports.wake_ups().send({self.work.queue_of(item) for item in items})

    def _start(self, items: Sequence[Item]) -> None:
        for item in items:
            self._in_flight[id(item)] = item
            self._gate.joined()
        self._idle.clear()
        running = self._run_batch(items)
        self._ports.supervisor.spawn(f"work:{self.work.name}", running)
        if getcoroutinestate(running) == CORO_CLOSED:
            # The process is on its way out. The leases run out by themselves.
            self._finish(items)

    async def _run_batch(self, items: Sequence[Item]) -> None:
        task = asyncio.current_task()
        assert task is not None, "runs in a task of its own"
        self._batches.add(task)
        try:
            await self.work.run(items, self._finished)
        except Exception as error:  # noqa: BLE001 - see below
            # Given back, it would come again at once and break down again. So its lease runs out: then it is a suspect,
            # runs alone, and in the end is poison.
            self._ports.log().exception("worker.work_broke_down", error, loop=self.work.name)
        finally:
            self._batches.discard(task)
            self._finish(items)

    def _finish(self, items: Sequence[Item]) -> None:
        for item in items:
            self._finished(item)

    def _finished(self, item: Item) -> None:
        """Free the slot of an item, once."""
        if self._in_flight.pop(id(item), None) is None:
            return
        self._gate.left()
        if not self._in_flight:
            self._idle.set()
        if self._more:
            self._woken.set()
        self._note_drained()

    def _note_drained(self) -> None:
        if not self._more and not self._in_flight and not self._woken.is_set():
            self._drained.set()

    def close(self) -> None:
        """Claim no more; `run` ends after the claim it is in."""
        self._closed.set()
        self._woken.set()
        self._drained.set()

    async def idle(self) -> None:
        """Wait until nothing is in flight."""
        await self._idle.wait()

    def abort(self) -> int:
        """Cancel what is in flight, which is then given back; returns how many pieces that are."""
        for task in self._batches:
            task.cancel()
        return len(self._in_flight)
