"""Carillon's processes, to be killed, frozen and started again while others go on.

    async with Chaos(folder, {"WORKER_LEASE": "1s"}) as chaos:
        server = await chaos.start("serve")
        worker = await chaos.start("worker")
        await worker.kill()
        await worker.start()

Every part has a session of its own, and signals go to its whole process group. What it prints is kept in the folder;
pytest shows the end of it where a test fails.
"""

import asyncio
import os
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from domain.identity.api_key import compose
from tests.e2e.processes import ROOT, ProcessFailed, eventually, free_port, spawned

API_KEY = compose("faults".ljust(30, "0")).text
# What every part prints when it is: once its socket is open, or its loops run.
READY = re.compile(r"^Carillon (\w+ )?is ready", re.MULTILINE)
START_SECONDS = 60.0
END_SECONDS = 20.0
LINES_SHOWN = 30


class Part:
    """One process with its group; it may be started again when it has ended."""

    def __init__(self, name: str, command: Sequence[str], environment: Mapping[str, str], folder: Path) -> None:
        self.name = name
        self.log_file = folder / f"{name}.log"
        self.exit_codes: list[int] = []
        self._command = command
        self._environment = environment
        self._folder = folder
        self._begins_at = 0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def running(self) -> bool:
        """Whether its first process lives; frozen counts as alive."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """Of its first process, which leads its group."""
        assert self._process is not None, f"{self.name} was never started"
        return self._process.pid

    @property
    def output(self) -> str:
        """Everything it has printed, over all its lives."""
        return self.log_file.read_text("utf-8", "replace") if self.log_file.exists() else ""

    async def start(self) -> Self:
        """Start it, and wait until it says that it is ready."""
        self.launch()
        try:
            await eventually(self._is_ready, seconds=START_SECONDS)
        except AssertionError:
            raise ProcessFailed(f"{self.name} did not get ready\n{self.last_lines()}") from None
        return self

    def launch(self) -> None:
        """Start it, and leave it alone."""
        assert not self.running, f"{self.name} runs already"
        self._begins_at = len(self.output)
        self._process = spawned(self._command, self._folder, self._environment, self.log_file)

    async def kill(self) -> int:
        """End it where it stands, with all that it has started. Fails when it has ended by itself before."""
        assert self.running, f"{self.name} has ended by itself\n{self.last_lines()}"
        self.signal(signal.SIGKILL)
        return await self.ended()

    async def stop(self, seconds: float = END_SECONDS) -> int:
        """Ask it to end, as an operator does; its exit code."""
        self.signal(signal.SIGCONT)
        self.signal(signal.SIGTERM)
        return await self.ended(seconds)

    def freeze(self) -> None:
        """Let it stand still until `thaw`, its connections open and its leases running out."""
        self.signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on, as if no time had passed."""
        self.signal(signal.SIGCONT)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the group; nothing happens when it has ended."""
        if self.running:
            with suppress(ProcessLookupError):
                os.killpg(self.pid, number)

    async def ended(self, seconds: float = END_SECONDS) -> int:
        """Wait for its end; its exit code, negative when a signal ended it. Kills it when that takes too long."""
        assert self._process is not None, f"{self.name} was never started"
        try:
            await eventually(self._is_over, seconds=seconds)
        except AssertionError:
            os.killpg(self.pid, signal.SIGKILL)
            self._process.wait(END_SECONDS)
            raise ProcessFailed(f"{self.name} was still running after {seconds:g} s\n{self.last_lines()}") from None
        self.exit_codes.append(self._process.returncode)
        return self._process.returncode

    def last_lines(self) -> str:
        """The end of what it printed."""
        return "\n".join(self.output.splitlines()[-LINES_SHOWN:])

    async def _is_over(self) -> bool:
        return not self.running

    async def _is_ready(self) -> bool:
        if not self.running:
            raise ProcessFailed(f"{self.name} ended instead of getting ready\n{self.last_lines()}")
        return READY.search(self.output, self._begins_at) is not None


class Chaos:
    """One folder of data and the processes over it. Leaving it ends them all."""

    def __init__(self, folder: Path, environment: Mapping[str, str] | None = None) -> None:
        self.data_dir = folder / "data"
        self.parts: list[Part] = []
        self._folder = folder
        self._environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "PYTHONPATH": str(ROOT),
            "PYTHONUNBUFFERED": "1",
            "DATA_DIR": str(self.data_dir),
            "APP_PORT": str(free_port()),
            "BOOTSTRAP_API_KEY": API_KEY,
            "ENABLE_RATE_LIMITING": "false",
            "EGRESS_ALLOW_CIDRS": "127.0.0.0/8",
            "LOG_LEVEL": "warning",
            **(environment or {}),
        }

    def configure(self, settings: Mapping[str, str]) -> None:
        """More settings, for the parts that are made from now on."""
        self._environment |= settings

    @property
    def port(self) -> int:
        """Where a part that listens is reached, over all its lives."""
        return int(self._environment["APP_PORT"])

    @property
    def base_url(self) -> str:
        """The same, as an address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def database_url(self) -> str:
        """The store, for whoever wants to look at it from outside."""
        url = self._environment.get("DATABASE_URL", f"sqlite:///{self.data_dir}/carillon.db")
        return url.replace("postgresql://", "postgresql+asyncpg://").replace("sqlite://", "sqlite+aiosqlite://")

    def part(self, *arguments: str, name: str | None = None, module: str = "app", port: int | None = None) -> Part:
        """`python -m <module> <arguments>`, not started yet; no two parts have the same name.

        A second one that listens needs a `port` of its own.
        """
        name = name or arguments[0]
        assert name not in {part.name for part in self.parts}, f"there is a {name} already"
        command = [sys.executable, "-m", module, *arguments]
        environment = {**self._environment, **({"APP_PORT": str(port)} if port else {})}
        part = Part(name, command, environment, self._folder)
        self.parts.append(part)
        return part

    async def start(
        self, *arguments: str, name: str | None = None, module: str = "app", port: int | None = None
    ) -> Part:
        """A part that runs."""
        return await self.part(*arguments, name=name, module=module, port=port).start()

    @asynccontextmanager
    async def kept_alive(self, part: Part) -> AsyncIterator[None]:
        """Start the part again whenever it ends by itself, as a process manager does."""
        keeping = asyncio.create_task(self._keep(part))
        try:
            yield
        finally:
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)

    async def _keep(self, part: Part) -> None:
        while True:
            await eventually(part._is_over, seconds=float("inf"))
            await part.ended()
            part.launch()

    async def stop(self) -> None:
        """End what runs, the youngest first. Raises ProcessFailed when one had to be killed."""
        stubborn: list[ProcessFailed] = []
        for part in reversed(self.parts):
            if part.running:
                try:
                    await part.stop()
                except ProcessFailed as error:
                    stubborn.append(error)
            # Captured by pytest, and shown where the test failed.
            sys.stdout.write(f"--- {part.name} {part.exit_codes}\n{part.last_lines()}\n")
        if stubborn:
            raise stubborn[0]

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.stop()
