"""How fast programs work off what is waiting for them."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence

from tests.bench.http_connection import LoadFailed
from tests.bench.rounds import Figures
from tests.bench.stage import Program

LOOK_SECONDS = 0.05
PATIENCE_SECONDS = 600.0
# What the first ones cost, or the start of a worker, is another question.
BEGUN_SHARE = 0.02


async def drained(programs: Sequence[Program], total: int, done: Callable[[], Awaitable[int]]) -> Figures:
    """From the first ones on until `done` says that there are `total`; raises LoadFailed when it never does."""
    begun_at, begun, used = await _reached(programs, int(total * BEGUN_SHARE), done)
    ended_at, ended, used_at_last = await _reached(programs, total, done)
    counted = ended - begun
    seconds, cpu = ended_at - begun_at, used_at_last - used
    return {
        "per second": counted / max(seconds, LOOK_SECONDS),
        "CPU ms each": cpu / max(counted, 1) * 1_000,
        "core busy %": cpu / max(seconds, LOOK_SECONDS) * 100,
    }


async def _reached(
    programs: Sequence[Program], enough: int, done: Callable[[], Awaitable[int]]
) -> tuple[float, int, float]:
    """When there were enough, how many that were, and how much CPU had been used."""
    deadline = time.perf_counter() + PATIENCE_SECONDS
    while (count := await done()) < enough:
        if time.perf_counter() > deadline:
            raise LoadFailed(f"only {count} of {enough} were done within {PATIENCE_SECONDS:g} s")
        await asyncio.sleep(LOOK_SECONDS)
    return time.perf_counter(), count, sum(program.cpu_seconds() for program in programs)
