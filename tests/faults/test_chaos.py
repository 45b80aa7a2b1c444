"""The killer itself."""

import asyncio
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from tests.e2e.processes import ProcessFailed, eventually
from tests.faults.chaos import Chaos, Part

# Starts a child, tells its pid, and then prints a line again and again.
PARENT = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print("Carillon is ready", child.pid, flush=True)
while True:
    print("alive", flush=True)
    time.sleep(0.01)
"""


def part(folder: Path, script: str = PARENT) -> Part:
    return Part("parent", [sys.executable, "-c", script], dict(os.environ), folder)


def child_of(parent: Part) -> int:
    return int(parent.output.splitlines()[0].split()[-1])


async def gone(pid: int) -> bool:
    return not _lives(pid)


def _lives(pid: int) -> bool:
    with suppress(ProcessLookupError, FileNotFoundError):
        os.kill(pid, 0)
        # One that nobody has waited for yet is dead all the same.
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    return False


async def test_the_whole_group_ends_when_a_part_is_killed(tmp_path: Path) -> None:
    parent = await part(tmp_path).start()
    child = child_of(parent)
    assert not await gone(child)
    assert await parent.kill() == -signal.SIGKILL
    await eventually(lambda: gone(child))
    assert parent.exit_codes == [-signal.SIGKILL]


async def test_it_goes_on_where_it_was_when_it_is_thawed(tmp_path: Path) -> None:
    parent = await part(tmp_path).start()
    parent.freeze()
    await asyncio.sleep(0.1)
    printed = len(parent.output)
    await asyncio.sleep(0.2)
    assert (len(parent.output), parent.running) == (printed, True)

    parent.thaw()

    async def output() -> int:
        return len(parent.output)

    await eventually(output, lambda length: length > printed)
    await parent.kill()


async def test_a_part_says_so_when_it_does_not_start(tmp_path: Path) -> None:
    with pytest.raises(ProcessFailed, match="no way"):
        await part(tmp_path, "raise SystemExit('no way')").start()


async def test_killing_fails_when_it_has_ended_by_itself(tmp_path: Path) -> None:
    parent = part(tmp_path, "")
    parent.launch()
    await parent.ended()
    with pytest.raises(AssertionError, match="by itself"):
        await parent.kill()


async def test_it_is_started_again_when_it_ends_by_itself(tmp_path: Path) -> None:
    parent = part(tmp_path, "print('again', flush=True)")
    parent.launch()

    async def lives() -> int:
        return parent.output.count("again")

    async with Chaos(tmp_path).kept_alive(parent):
        await eventually(lives, lambda number: number >= 3)
    await parent.ended()
