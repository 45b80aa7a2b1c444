"""The loop itself, with work that claims from a list."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager

from application.jobs.background import Background
from application.jobs.claim_loop import ClaimLoop
from application.jobs.loop_ports import LoopPorts
from application.jobs.suspect_gate import SuspectGate
from application.jobs.wake_bus import WakeBus
from application.ports.wake_ups import WakeUps
from infrastructure.memory.fixed_jitter import NoJitter
from infrastructure.observability.memory_log import MemoryLog
from infrastructure.queue.local import LocalWakeUps
from infrastructure.system.task_supervisor import AsyncioTaskSupervisor
from tests.unit.worker.world import until


class Item:
    """Something to do."""


class ListedWork:
    """Claims from `due`; runs until `go` is set."""

    name = "listed"
    wakes = ("q",)

    def __init__(self, due: int = 0) -> None:
        self.due = [Item() for _ in range(due)]
        self.go = asyncio.Event()
        self.go.set()
        self.store = asyncio.Event()
        self.store.set()
        self.one_claim_at_a_time = False
        self.claims = 0
        self.limits: list[int] = []
        self.running = 0
        self.breaks = False

    def queue_of(self, item: Item) -> str:
        return "q"

    async def claim(self, limit: int, *, lowest_first: bool) -> Sequence[Item]:
        self.claims += 1
        self.limits.append(limit)
        await self.store.wait()
        if self.one_claim_at_a_time:
            self.store.clear()
        taken, self.due = self.due[:limit], self.due[limit:]
        return taken

    async def run(self, items: Sequence[Item], finished: Callable[[Item], None]) -> None:
        self.running += len(items)
        try:
            await self.go.wait()
            if self.breaks:
                raise RuntimeError("planted")
            for item in items:
                finished(item)
                finished(item)  # twice does no harm
        finally:
            self.running -= len(items)


class Running:
    """A loop that runs, and what it stands in."""

    def __init__(self, work: ListedWork, slots: int, sweep: float, patience: float) -> None:
        self.supervisor = AsyncioTaskSupervisor(cancel_grace=0.5)
        self.log = MemoryLog()
        self.gate = SuspectGate(patience=patience)
        self.bus = WakeBus()
        self.wake_ups: WakeUps = LocalWakeUps(self.bus)
        self.ports = LoopPorts(
            supervisor=self.supervisor,
            wake_ups=lambda: self.wake_ups,
            jitter=NoJitter,
            log=lambda: self.log,
        )
        self.loop = ClaimLoop(work, slots=slots, sweep_seconds=sweep, gate=self.gate, ports=self.ports)


@asynccontextmanager
async def running(
    work: ListedWork, *, slots: int = 2, sweep: float = 60.0, patience: float = 0.05
) -> AsyncIterator[Running]:
    one = Running(work, slots, sweep, patience)
    background = Background("loop", one.loop.run, one.supervisor)
    background.start()
    try:
        yield one
    finally:
        one.loop.close()
        await background.ended()
        await one.supervisor.drain(1)


async def test_it_claims_when_it_is_woken() -> None:
    work = ListedWork()
    async with running(work) as one:
        await until(lambda: work.claims == 1)
        work.due = [Item()]
        one.loop.wake()
        await until(lambda: work.claims == 2 and not work.due)


async def test_it_claims_without_being_told_once_a_sweep() -> None:
    work = ListedWork()
    async with running(work, sweep=0.01):
        await until(lambda: work.claims >= 5)


async def test_it_claims_for_the_free_slots_only() -> None:
    work = ListedWork(due=3)
    work.go.clear()
    async with running(work, slots=2) as one:
        await until(lambda: work.running == 2)
        one.loop.wake()
        await asyncio.sleep(0.02)
        assert work.limits == [2]
        work.go.set()
        await until(lambda: not work.due)


async def test_a_wake_up_that_comes_when_all_slots_are_taken_is_remembered() -> None:
    work = ListedWork(due=1)
    work.go.clear()
    async with running(work, slots=1) as one:
        await until(lambda: work.running == 1)
        work.due = [Item()]
        one.loop.wake()
        await asyncio.sleep(0.01)
        work.go.set()
        await until(lambda: not work.due)


async def test_it_is_drained_when_nothing_is_due_and_nothing_is_in_flight() -> None:
    work = ListedWork(due=5)
    work.go.clear()
    async with running(work, slots=2) as one:
        one.loop.wake()
        drained = asyncio.create_task(one.loop.drained())
        await until(lambda: work.running == 2)
        assert not drained.done()
        work.go.set()
        await asyncio.wait_for(drained, 1)
        assert not work.due
        assert work.running == 0


async def test_a_claim_that_began_before_the_wake_up_does_not_count_as_drained() -> None:
    work = ListedWork()
    work.one_claim_at_a_time = True
    work.store.clear()
    async with running(work) as one:
        await until(lambda: work.claims == 1)
        one.loop.wake()
        drained = asyncio.create_task(one.loop.drained())
        work.store.set()
        await until(lambda: work.claims == 2)
        await asyncio.sleep(0.01)
        assert not drained.done()
        work.store.set()
        await asyncio.wait_for(drained, 1)


async def test_slots_are_free_again_when_the_work_breaks_down() -> None:
    work = ListedWork(due=2)
    work.breaks = True
    async with running(work, slots=2) as one:
        await until(lambda: one.log.lines("worker.work_broke_down"))
        work.breaks = False
        work.due = [Item(), Item()]
        one.loop.wake()
        await until(lambda: not work.due)
        assert work.limits[-1] == 2
        await asyncio.wait_for(one.loop.idle(), 1)


async def test_slots_are_free_again_when_the_work_is_cancelled() -> None:
    work = ListedWork(due=2)
    work.go.clear()
    async with running(work, slots=2) as one:
        await until(lambda: work.running == 2)
        assert one.loop.abort() == 2
        await asyncio.wait_for(one.loop.idle(), 1)
        assert work.running == 0


async def test_nothing_is_stuck_when_the_supervisor_takes_no_more_work() -> None:
    work = ListedWork()
    async with running(work) as one:
        await until(lambda: work.claims == 1)
        draining = asyncio.create_task(one.supervisor.drain(1))
        await asyncio.sleep(0)
        work.due = [Item()]
        one.loop.wake()
        await until(lambda: not work.due)
        await asyncio.wait_for(one.loop.idle(), 1)
        one.loop.close()
        await draining


async def test_normal_work_waits_and_then_goes_on_when_suspects_run() -> None:
    work = ListedWork(due=1)
    async with running(work, sweep=0.01) as one:
        await until(lambda: not work.due)
        async with one.gate.alone():
            claims = work.claims
            work.due = [Item()]
            one.loop.wake()
            await asyncio.sleep(0.05)
            assert work.claims == claims
        await until(lambda: not work.due)


async def test_suspects_are_not_kept_waiting_for_ever_when_something_takes_very_long() -> None:
    work = ListedWork(due=1)
    work.go.clear()
    async with running(work) as one:
        await until(lambda: work.running == 1)
        async with asyncio.timeout(1):
            async with one.gate.alone():
                assert work.running == 1
        assert one.gate.rest > 0.04
        work.go.set()


async def test_the_gate_counts_right_when_an_end_is_told_twice() -> None:
    work = ListedWork(due=2)
    async with running(work, patience=60.0) as one:
        await until(lambda: not work.due and not work.running)
        claims = work.claims
        one.loop.wake()
        await until(lambda: work.claims > claims)
        # Counted down too often, it would never again be at nothing.
        async with asyncio.timeout(5), one.gate.alone():
            pass


async def test_a_loop_that_waits_at_the_gate_ends_when_it_is_closed() -> None:
    work = ListedWork()
    async with running(work, sweep=0.01) as one:
        await until(lambda: work.claims >= 1)
        async with one.gate.alone():
            await asyncio.sleep(0.03)
            claims = work.claims
            one.loop.close()
        await asyncio.sleep(0.03)
        assert work.claims == claims


async def test_idle_workers_are_told_once_a_sweep_when_there_is_more_than_slots() -> None:
    work = ListedWork(due=30)
    told: list[object] = []

    class Teller(LocalWakeUps):
        """Notes what is sent."""

        async def send(self, queues: Collection[str]) -> None:
            told.append(queues)

    async with running(work, slots=1) as one:
        one.wake_ups = Teller(one.bus)
        await until(lambda: not work.due)

    assert told == [{"q"}]
