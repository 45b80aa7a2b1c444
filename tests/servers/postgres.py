"""PostgreSQL for tests: a server that runs already, or one of our own that may be killed."""

import asyncio
import atexit
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Self
from uuid import uuid4

import asyncpg

from tests.e2e.processes import eventually, free_port

RUNNING = os.environ.get("TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432")
SETTINGS = (
    "fsync=on",
    "max_connections=200",
    "shared_buffers=64MB",
    "unix_socket_directories=",
    "log_min_messages=fatal",
)


class NoPostgres(Exception):
    """Neither a server nor its programs are here"""


class PostgresServer:
    """A server of this test's own, in a folder of its own; after `kill` it starts again from what it wrote."""

    def __init__(self, *settings: str) -> None:
        self.port = free_port()
        self._settings = (*SETTINGS, *settings)
        self._folder = Path(tempfile.mkdtemp(prefix="carillon-postgres-"))
        self._data = self._folder / "data"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Without a database's name."""
        return f"postgresql://postgres@127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        await self.begin()
        return self

    async def begin(self) -> None:
        """Make its data, and start."""
        if os.geteuid() == 0:
            shutil.chown(self._folder, "postgres")
        await asyncio.to_thread(self._initialise)
        await self.start()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await asyncio.to_thread(self.end)

    def end(self) -> None:
        """Leave nothing behind."""
        self._crash()
        shutil.rmtree(self._folder, ignore_errors=True)

    async def start(self) -> None:
        """Returns when it takes connections."""
        await asyncio.to_thread(self._launch)
        await eventually(lambda: answers(self.url), seconds=30)

    async def kill(self) -> None:
        """As `pg_ctl stop -m immediate`: no checkpoint, recovery at the next start."""
        await asyncio.to_thread(self._crash)

    def _crash(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(30)

    def _initialise(self) -> None:
        command = [program("initdb"), "-A", "trust", "-U", "postgres", "--no-sync", "-D", str(self._data)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, user=_user())

    def _launch(self) -> None:
        options = [part for setting in self._settings for part in ("-c", setting)]
        command = [program("postgres"), "-D", str(self._data), "-h", "127.0.0.1", "-p", str(self.port), *options]
        self._process = subprocess.Popen(command, stderr=subprocess.DEVNULL, user=_user())


def program(name: str) -> str:
    """The newest installed version of it."""
    packaged = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    found = str(packaged[-1]) if packaged else shutil.which(name)
    if found is None:
        raise NoPostgres(f"{name} is not installed")
    return found


def _user() -> str | None:
    """The server refuses to run as root."""
    return "postgres" if os.geteuid() == 0 else None


async def answers(url: str) -> bool:
    """Whether a server takes connections there."""
    try:
        connection = await asyncpg.connect(f"{url}/postgres", timeout=2)
    except (OSError, TimeoutError, asyncpg.PostgresError):
        return False
    await connection.close()
    return True


@cache
def running() -> str:
    """The server that runs already, else one for as long as this process lives. Not from within a loop.

    Raises NoPostgres when there is neither.
    """
    if asyncio.run(answers(RUNNING)):
        return RUNNING
    server = PostgresServer()
    asyncio.run(server.begin())
    atexit.register(server.end)
    return server.url


@asynccontextmanager
async def database(server: str = RUNNING) -> AsyncIterator[str]:
    """An empty database of its own on a server; its address, as users write it. It is gone after the block."""
    name = f"carillon_test_{uuid4().hex[:12]}"
    await administer(server, f"CREATE DATABASE {name}")
    try:
        yield f"{server}/{name}"
    finally:
        await administer(server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


async def administer(server: str, *statements: str) -> None:
    """Run statements outside of any transaction."""
    connection = await asyncpg.connect(f"{server}/postgres", timeout=5)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()
