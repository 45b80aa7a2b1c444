"""Killing workers and servers again and again while somebody asks and somebody listens."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from itertools import cycle
from typing import Protocol

from infrastructure.database.failures import StoreUnavailable, store_errors
from tests.e2e.processes import eventually
from tests.faults.chaos import Part
from tests.faults.follower import Follower
from tests.faults.producer import Producer
from tests.faults.scene import Scene

FOLLOWED = 5
PRODUCERS = 8
KILL_SECONDS = 2.0


class Load(Protocol):
    """So many requests, and so many seconds from one to the next."""

    @property
    def notifications(self) -> int: ...

    @property
    def interval(self) -> float: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much is asked for, and how many workers are killed: one each two seconds, after some of them the server."""

    notifications: int
    worker_kills: int
    server_after: frozenset[int]
    environment: Mapping[str, str]
    lease_seconds: float
    waits_for_relay: bool = False

    @property
    def interval(self) -> float:
        """From one request to the next, so that they last as long as the killing."""
        return KILL_SECONDS * self.worker_kills / self.notifications


async def ask(stage: Scene, size: Load) -> float:
    """Ask for all of it, at its pace; when everything was accepted."""
    began, numbers = time.monotonic(), iter(range(size.notifications))

    async def ask_on() -> None:
        for number in numbers:
            await asyncio.sleep(max(0.0, began + number * size.interval - time.monotonic()))
            await stage.notify(number)

    async with asyncio.TaskGroup() as group:
        for _ in range(PRODUCERS):
            group.create_task(ask_on())
    return time.monotonic()


async def kill(stage: Scene, size: Size, server: Part, workers: Sequence[Part]) -> float:
    """Kill and start again; when the last one was killed."""
    turns, killed = cycle(workers), 0.0
    for number in range(1, size.worker_kills + 1):
        await asyncio.sleep(KILL_SECONDS)
        worker = next(turns)
        await wait_until_busy(stage, worker)
        await worker.kill()
        killed, stage.kills = time.monotonic(), stage.kills + 1
        worker.launch()
        if number in size.server_after:
            await server.kill()
            server.launch()
    return killed


async def wait_until_busy(stage: Scene, worker: Part, seconds: float = 1.0) -> None:
    """A death that interrupts nothing shows nothing; not for long, since there may be nothing to do."""
    # A store that is down has no holders to tell of.
    with suppress(AssertionError, StoreUnavailable), store_errors():
        await eventually(stage.store.holders, lambda pids: worker.pid in pids, seconds=seconds)


def waits(producer: Producer) -> str:
    """How long answers took, for whoever reads the output."""
    waits = sorted(producer.waits)
    median, high = waits[len(waits) // 2], waits[len(waits) * 99 // 100]
    return (
        f"POST: median {median:.3f} s, p99 {high:.3f} s, longest {waits[-1]:.3f} s, with tries {producer.longest:.1f} s"
    )


@asynccontextmanager
async def following(
    stage: Scene, count: int = FOLLOWED, *, port: int | None = None
) -> AsyncIterator[Mapping[str, Follower]]:
    """Some subscribers have their inbox open, over whatever happens to the server; at another one's `port`."""
    heads = await stage.store.heads()
    followers = {
        name: Follower(port or stage.chaos.port, await stage.producer.token(name), heads[name])
        for name in stage.subscribers[:count]
    }
    tasks = [asyncio.create_task(follower.follow()) for follower in followers.values()]
    try:
        yield followers
    finally:
        while not all(task.done() for task in tasks):
            # Once may not be enough: `asyncio.wait_for` of Python 3.11 can swallow a cancellation.
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks, timeout=1)


async def all_caught_up(stage: Scene, followers: Mapping[str, Follower], seconds: float) -> None:
    """Wait until every follower has seen the end of its stream."""
    heads = await stage.store.heads()

    async def behind() -> list[str]:
        return [name for name, follower in followers.items() if follower.place < heads[name]]

    await eventually(behind, lambda names: names == [], seconds)
