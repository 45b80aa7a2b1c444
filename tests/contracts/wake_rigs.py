"""The drivers of wake-ups, each with a loop that hears them."""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest
from taskiq import AsyncBroker

from application.jobs.wake_bus import Sleeper, WakeBus
from application.ports.wake_ups import WakeUps
from infrastructure.observability.memory_log import MemoryLog
from infrastructure.observability.memory_metrics import MemoryMetrics
from infrastructure.queue.file import file_broker
from infrastructure.queue.listener import WakeListener
from infrastructure.queue.local import LocalWakeUps
from infrastructure.queue.memory import memory_broker
from infrastructure.queue.redis import RedisWakeBroker, redis_broker
from infrastructure.queue.taskiq import TaskiqWakeUps, WakeSender
from infrastructure.system.redis import RedisLink
from infrastructure.system.task_supervisor import AsyncioTaskSupervisor
from tests.servers.redis import NoRedis, forget, running

ROOT = Path(__file__).resolve().parents[2]


class Dozer(Sleeper):
    """Counts its wake-ups; `busy` until it is told otherwise."""

    def __init__(self) -> None:
        self.woken = 0
        self.done = asyncio.Event()
        self.done.set()

    def wake(self) -> None:
        self.woken += 1

    async def drained(self) -> None:
        await self.done.wait()


@dataclass
class Rig:
    """A process that sends; `here` is its own loop."""

    wake_ups: WakeUps
    here: Dozer
    bus: WakeBus
    log: MemoryLog
    metrics: MemoryMetrics
    supervisor: AsyncioTaskSupervisor
    folder: Path
    broker: AsyncBroker | None = None


def _rig(folder: Path, broker_for: Callable[[WakeBus], AsyncBroker] | None, log: MemoryLog | None = None) -> Rig:
    bus, here, log, metrics = WakeBus(), Dozer(), log or MemoryLog(), MemoryMetrics()
    supervisor = AsyncioTaskSupervisor(cancel_grace=0.5)
    broker = broker_for(bus) if broker_for else None
    wake_ups: WakeUps = LocalWakeUps(bus)
    if broker is not None:
        sender = WakeSender(broker, supervisor=supervisor, metrics=lambda: metrics, log=lambda: log)
        wake_ups = TaskiqWakeUps(bus, sender)
    bus.listen("notifications", here)
    return Rig(wake_ups, here, bus, log, metrics, supervisor, folder, broker)


@asynccontextmanager
async def local(folder: Path) -> AsyncIterator[Rig]:
    yield _rig(folder, None)


@asynccontextmanager
async def memory(folder: Path) -> AsyncIterator[Rig]:
    rig = _rig(folder, memory_broker)
    try:
        yield rig
    finally:
        rig.here.done.set()
        await rig.supervisor.drain(1)
        assert rig.broker is not None
        await rig.broker.shutdown()


@asynccontextmanager
async def file(folder: Path) -> AsyncIterator[Rig]:
    rig = _rig(folder, lambda bus: file_broker(folder / "jobs", "app", bus))
    assert rig.broker is not None
    listener = WakeListener(rig.broker, supervisor=rig.supervisor, log=lambda: rig.log)
    await listener.start()
    try:
        yield rig
    finally:
        await listener.stop()
        await rig.supervisor.drain(1)


@asynccontextmanager
async def redis(folder: Path) -> AsyncIterator[Rig]:
    """On a server that others use too, under a prefix of its own."""
    try:
        url = await asyncio.to_thread(running)
    except NoRedis as error:
        pytest.skip(str(error))
    prefix = f"test-{uuid4().hex[:12]}"
    try:
        async with over_redis(folder, url, prefix) as rig:
            yield rig
    finally:
        await forget(url, prefix)


@asynccontextmanager
async def over_redis(folder: Path, url: str, prefix: str = "app") -> AsyncIterator[Rig]:
    """A process that sends to a server and listens to it."""
    calls, log = AsyncioTaskSupervisor(cancel_grace=0.5), MemoryLog()
    link = RedisLink(url, supervisor=calls)
    rig = _rig(folder, lambda bus: redis_broker(link, prefix, bus, log=lambda: log), log)
    assert rig.broker is not None
    listener = WakeListener(rig.broker, supervisor=rig.supervisor, log=lambda: rig.log)
    await listener.start()
    try:
        yield rig
    finally:
        rig.here.done.set()
        await listener.stop()
        await rig.supervisor.drain(1)
        await calls.drain(1)
        await link.stop()


def redis_of(rig: Rig) -> RedisWakeBroker:
    """Its broker."""
    assert isinstance(rig.broker, RedisWakeBroker)
    return rig.broker


RIGS = {"local": local, "memory": memory, "file": file, "redis": redis}
MARKS = {"redis": pytest.mark.service}


@dataclass
class Listening:
    """Another process whose loops listen through the file driver; writes a line for each wake-up."""

    process: Process

    async def heard(self, seconds: float = 5) -> str:
        """The next line."""
        assert self.process.stdout is not None
        async with asyncio.timeout(seconds):
            return (await self.process.stdout.readline()).decode().strip()


@asynccontextmanager
async def listening(folder: Path) -> AsyncIterator[Listening]:
    """Start it, and wait until it listens."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.contracts.wake_process", str(folder / "jobs"), cwd=ROOT, stdout=PIPE
    )
    other = Listening(process)
    try:
        assert await other.heard(20) == "ready"
        yield other
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()
