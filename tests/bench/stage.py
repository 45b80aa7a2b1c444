"""Where a benchmark takes place: the servers under test on the first core, everything else on the second.

async with Stage() as stage:
    url = await stage.database()
    peer = await stage.start("peer", "-m", "uvicorn", …, ready="running on")
    print(peer.cpu_seconds(), peer.rss_kb())
"""

import asyncio
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Self
from uuid import uuid4

from tests.e2e.processes import ROOT, ProcessFailed, eventually
from tests.servers import postgres, redis

SERVER_CORE = 0
LOAD_CORE = 1
START_SECONDS = 60.0
STOP_SECONDS = 20.0
LINES_SHOWN = 30
# As Carillon's own server is set up.
SERVER_OPTIONS = (
    "--loop=uvloop",
    "--http=httptools",
    "--no-access-log",
    "--backlog=2048",
    "--timeout-keep-alive=75",
)
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


class Program:
    """A Python program that runs in a process of its own, and what it costs."""

    def __init__(self, process: "subprocess.Popen[bytes]", log_file: Path) -> None:
        self._process = process
        self._log_file = log_file

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def output(self) -> str:
        """All that it has printed."""
        return self._log_file.read_text("utf-8", "replace")

    def cpu_seconds(self) -> float:
        """User and system time of all its threads so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND

    def rss_kb(self) -> int:
        """Its memory now."""
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))

    async def ready(self, text: str) -> None:
        """Wait until it has printed `text`."""

        async def printed() -> bool:
            if self._process.poll() is not None:
                raise ProcessFailed(f"it ended with {self._process.returncode}\n{self._last_lines()}")
            return text in self.output

        try:
            await eventually(printed, seconds=START_SECONDS)
        except AssertionError:
            raise ProcessFailed(f"it did not print {text!r}\n{self._last_lines()}") from None

    async def stop(self) -> None:
        """Ask it to end, as an operator does; it is killed when that takes too long. Nothing when it has ended."""
        self._process.send_signal(signal.SIGTERM)
        try:
            await asyncio.to_thread(self._process.wait, STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(STOP_SECONDS)

    def _last_lines(self) -> str:
        return "\n".join(self.output.splitlines()[-LINES_SHOWN:])


class Stage:
    """Servers of its own, and a folder. Leaving it ends and removes all of it."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="carillon-bench-"))
        self._stack = AsyncExitStack()
        self._started = 0
        self._postgres: postgres.PostgresServer | None = None
        self._redis: redis.RedisServer | None = None

    async def __aenter__(self) -> Self:
        self._stack.callback(shutil.rmtree, self.folder, ignore_errors=True)
        # What is started from here inherits both.
        os.sched_setaffinity(0, {LOAD_CORE % (os.cpu_count() or 1)})
        most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def database(self) -> str:
        """The address of an empty database, on a PostgreSQL that nobody else uses."""
        if self._postgres is None:
            self._postgres = await self._stack.enter_async_context(postgres.PostgresServer())
        name = f"bench_{uuid4().hex[:12]}"
        await postgres.administer(self._postgres.url, f"CREATE DATABASE {name}")
        return f"{self._postgres.url}/{name}"

    async def redis(self) -> str:
        """The address of a Redis that nobody else uses."""
        if self._redis is None:
            self._redis = await self._stack.enter_async_context(redis.RedisServer())
        return self._redis.url

    async def start(
        self, name: str, *arguments: str, environment: Mapping[str, str], ready: str, core: int = SERVER_CORE
    ) -> Program:
        """`python <arguments>` on a core, once it has printed `ready`."""
        program = self._launch(name, arguments, environment, core)
        self._stack.push_async_callback(program.stop)
        await program.ready(ready)
        return program

    async def peer(self, module: str, port: int, environment: Mapping[str, str]) -> Program:
        """The ASGI application `app` of a module in `tests.bench.peers`, on the server that Carillon runs on."""
        app = f"tests.bench.peers.{module}:app"
        arguments = ("-m", "uvicorn", app, "--port", str(port), *SERVER_OPTIONS)
        return await self.start(module, *arguments, environment=environment, ready="running on")

    def _launch(self, name: str, arguments: Sequence[str], environment: Mapping[str, str], core: int) -> Program:
        self._started += 1
        log_file = self.folder / f"{self._started}-{name}.log"
        variables = {
            "PATH": os.environ.get("PATH", os.defpath),
            "PYTHONPATH": str(ROOT),
            "PYTHONUNBUFFERED": "1",
            **environment,
        }
        with log_file.open("xb") as log:
            process = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=self.folder,
                env=variables,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        os.sched_setaffinity(process.pid, {core % (os.cpu_count() or 1)})
        return Program(process, log_file)
