"""The processes under a parent, as the system knows them."""

import asyncio
import os
import signal
import subprocess
from collections.abc import Collection
from contextlib import suppress

from tests.e2e.app_process import AppProcess, eventually

READY = "is ready"
TWO = ("--processes", "2")


def children(process: AppProcess) -> list[int]:
    """Their ids, the oldest first."""
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    pairs = (map(int, line.split()) for line in listed.splitlines())
    return sorted(pid for pid, parent in pairs if parent == process.pid)


def alive(pids: Collection[int]) -> set[int]:
    """Which of them are still there."""
    found = set()
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, 0)
            found.add(pid)
    return found


async def kill_one(process: AppProcess) -> int:
    """End a child where it stands; its id."""
    pid = (await asyncio.to_thread(children, process))[0]
    os.kill(pid, signal.SIGKILL)
    return pid


async def replaced(process: AppProcess, dead: int, count: int = 2) -> list[int]:
    """The ids once another process stands in for the dead one."""

    async def look() -> list[int]:
        return await asyncio.to_thread(children, process)

    return await eventually(look, lambda pids: dead not in pids and len(pids) == count, 30)
