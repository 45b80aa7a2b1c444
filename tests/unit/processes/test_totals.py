"""What a parent tells of its children's numbers."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from app.bootstrap.processes import totals as module
from app.bootstrap.processes.line import Line
from app.bootstrap.processes.totals import Totals
from domain.shared.errors import Unavailable

SECONDS = 10.0


def text(count: int, level: int) -> str:
    return f"# TYPE sent_total counter\nsent_total {count}.0\n# TYPE open gauge\nopen {level}.0\n"


class Process:
    """What a child counts, and the line that its parent has to it."""

    def __init__(self, totals: Totals) -> None:
        self.count = 0
        self.silent = False
        self.parents = Line(totals)
        self.own = Line(self._tell)

    async def _tell(self) -> str:
        if self.silent:
            await asyncio.Event().wait()
        return text(self.count, 1)


@asynccontextmanager
async def connected(totals: Totals) -> AsyncIterator[Process]:
    """Leaving it ends the process."""
    process = Process(totals)
    ours, theirs = socket.socketpair()
    await process.parents.open(ours)
    await process.own.open(theirs)
    totals.join(process.parents)
    child = asyncio.create_task(process.own.run())
    parent = asyncio.create_task(process.parents.run())
    try:
        yield process
    finally:
        child.cancel()
        await asyncio.wait({child})
        await asyncio.wait_for(parent, SECONDS)
        totals.leave(process.parents)


async def told(ask: Callable[[], Awaitable[str]]) -> tuple[float, float | None]:
    """Sum of the counter, and of the level."""
    lines = (line.split(" ") for line in (await ask()).splitlines() if not line.startswith("#"))
    found = {name: float(value) for name, value in lines}
    return found.get("sent_total", 0), found.get("open")


def ask_of(process: Process) -> Callable[[], Awaitable[str]]:
    return lambda: process.own.ask(SECONDS)


async def test_each_child_is_told_the_sum_when_all_ask_at_once() -> None:
    totals = Totals(lambda: text(100, 0))
    async with connected(totals) as one, connected(totals) as other:
        one.count, other.count = 3, 4

        answers = await asyncio.gather(*(told(ask_of(each)) for each in (one, other, one)))

    assert answers == [(107, 2)] * 3


async def test_counters_stay_and_levels_go_when_a_child_is_gone() -> None:
    totals = Totals(lambda: "")
    async with connected(totals) as one:
        async with connected(totals) as other:
            one.count, other.count = 3, 4
            assert await told(totals) == (7, 2)
            other.count = 1_000
        assert await told(totals) == (7, 1)
        async with connected(totals) as next_one:
            next_one.count = 5
            assert await told(totals) == (12, 2)
    assert await told(totals) == (12, None)


async def test_child_is_told_of_as_it_was_when_it_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    totals = Totals(lambda: "")
    async with connected(totals) as one, connected(totals) as other:
        one.count, other.count = 3, 4
        assert await told(totals) == (7, 2)

        monkeypatch.setattr(module, "LOOK_SECONDS", 0.05)
        one.count, other.count, other.silent = 5, 1_000, True
        assert await told(totals) == (9, 2)


async def test_question_fails_at_once_when_the_parent_is_gone() -> None:
    totals = Totals(lambda: "")
    async with connected(totals) as process:
        process.parents._hang_up()
        with pytest.raises(Unavailable):
            async with asyncio.timeout(SECONDS / 2):
                await process.own.ask(SECONDS)
