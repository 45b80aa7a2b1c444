"""Starting, watching and killing worker processes."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from tests.integration.worker.worker_process import ENVIRONMENT_KEY, Orders

ROOT = Path(__file__).resolve().parents[3]
PROGRAM = "tests.integration.worker.worker_process"
FACTORY = f"{PROGRAM}:broker_factory"


class WorkerProcess:
    """One process, which may have children of its own."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @property
    def running(self) -> bool:
        return self._process.returncode is None

    async def kill(self) -> None:
        """As a machine that loses its power would."""
        os.killpg(self._process.pid, signal.SIGKILL)
        await self._process.wait()

    async def terminate(self, seconds: float = 10) -> int:
        """Ask it to end; its exit code."""
        self._process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(seconds):
            return await self._process.wait()

    async def ended(self, seconds: float = 20) -> int:
        """Wait until it ends by itself; its exit code."""
        async with asyncio.timeout(seconds):
            return await self._process.wait()


async def start(orders: Orders) -> WorkerProcess:
    """A worker as `python -m app worker` runs it."""
    return WorkerProcess(
        await asyncio.create_subprocess_exec(
            sys.executable, "-m", PROGRAM, orders.text(), cwd=ROOT, start_new_session=True
        )
    )


async def start_taskiq(orders: Orders, *options: str) -> WorkerProcess:
    """A worker under Taskiq's own command."""
    command = [sys.executable, "-m", "taskiq", "worker", FACTORY, "--workers", "1", *options]
    return WorkerProcess(
        await asyncio.create_subprocess_exec(
            *command,
            cwd=ROOT,
            env={**os.environ, ENVIRONMENT_KEY: orders.text()},
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
    )


@asynccontextmanager
async def gone_in_the_end(processes: list[WorkerProcess]) -> AsyncIterator[list[WorkerProcess]]:
    """Whatever happens, none of them is left behind."""
    try:
        yield processes
    finally:
        for process in processes:
            if process.running:
                await process.kill()


async def until_so(condition: Callable[[], object], seconds: float = 30) -> None:
    """Poll at a pace that leaves the processors to the workers."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - another process could not set an event
            await asyncio.sleep(0.05)
