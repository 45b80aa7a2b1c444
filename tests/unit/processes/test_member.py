"""Keeping one process running: really started ones, which do as they are told on the command line."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial

import pytest

from app.bootstrap.processes import member as module
from app.bootstrap.processes.member import FAILED_STARTS, NOT_STARTED, Life, Member
from app.bootstrap.processes.totals import Totals
from infrastructure.observability.memory_log import MemoryLog
from infrastructure.observability.memory_metrics import MemoryMetrics
from tests.e2e.processes import eventually

SECONDS = 30.0
SAYS_READY = """
import signal, socket, sys
signal.signal(signal.SIGHUP, lambda *_: sys.exit(42))
line = socket.socket(fileno=int(sys.argv[-1].split(",")[0]))
text = b'{"type":"ready"}'
line.send(len(text).to_bytes(4, "big") + text)
"""
STAYS = f"{SAYS_READY}\nsignal.pause()"
DIES = f"{SAYS_READY}\nsys.exit(3)"
FAILS = "import sys; sys.exit(78)"


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FIRST_PAUSE", 0.01)


class Kept:
    def __init__(self, program: str, interpreter: str = sys.executable) -> None:
        self.log, self.metrics = MemoryLog(), MemoryMetrics()
        command = [interpreter, "-c", program]
        self.member = Member(command, (), Totals(lambda: ""), metrics=self.metrics, log=self.log)

    @property
    def lost(self) -> float:
        return self.metrics.count("child_processes_lost_total")

    def has_lost(self, number: int) -> bool:
        return self.lost == number

    @asynccontextmanager
    async def running(self) -> AsyncIterator["asyncio.Task[Life | None]"]:
        task = asyncio.create_task(self.member.run())
        try:
            yield task
        finally:
            self.member.stop(signal.SIGKILL)
            await asyncio.wait_for(task, SECONDS)


async def until(holds: Callable[[], object]) -> None:
    async def look() -> object:
        return holds()

    await eventually(look, seconds=SECONDS)


async def ready(member: Member) -> None:
    await asyncio.wait_for(member.is_ready.wait(), SECONDS)


async def test_process_is_started_again_when_it_dies() -> None:
    kept = Kept(STAYS)
    async with kept.running():
        for lost in (1, 2, 3):
            await ready(kept.member)
            kept.member.kill()
            await until(partial(kept.has_lost, lost))
        await ready(kept.member)

    assert [line.fields["code"] for line in kept.log.lines("process.lost")] == [-signal.SIGKILL] * 3


async def test_it_goes_on_when_what_was_ready_dies_again_and_again() -> None:
    kept = Kept(DIES)
    async with kept.running():
        await until(lambda: kept.lost > FAILED_STARTS)


@pytest.mark.parametrize(
    ("interpreter", "code"), [(sys.executable, 78), ("/nonexistent/python", NOT_STARTED)], ids=["ends", "no program"]
)
async def test_it_gives_up_when_no_process_gets_ready(interpreter: str, code: int) -> None:
    kept = Kept(FAILS, interpreter)
    life = await asyncio.wait_for(kept.member.run(), SECONDS)

    assert life is not None
    assert (life.code, life.ready, kept.lost) == (code, False, FAILED_STARTS)


async def test_process_is_told_and_no_other_is_started_when_it_is_to_end() -> None:
    kept = Kept(STAYS)
    async with kept.running() as task:
        await ready(kept.member)
        kept.member.stop(signal.SIGTERM)
        life = await asyncio.wait_for(task, SECONDS)

    assert life is not None
    assert (life.code, life.ready, kept.lost) == (-signal.SIGTERM, True, 0)


@pytest.mark.parametrize("turns", range(8))
async def test_it_ends_when_it_is_told_to_while_a_process_is_being_started(turns: int) -> None:
    kept = Kept(STAYS)
    async with kept.running() as task:
        for _ in range(turns):
            await asyncio.sleep(0)
        kept.member.stop(signal.SIGTERM)
        await asyncio.wait_for(task, SECONDS)

    assert kept.lost == 0


async def test_reload_waits_until_the_process_can_hear_of_it() -> None:
    kept = Kept(STAYS)
    async with kept.running():
        kept.member.reload()
        await ready(kept.member)
        await until(lambda: kept.log.lines("process.lost"))

    assert kept.log.lines("process.lost")[0].fields["code"] == 42
