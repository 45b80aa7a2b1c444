"""Redis for tests: a server that runs already, or one of our own that may be killed, frozen and flushed."""

import asyncio
import atexit
import os
import shutil
import signal
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Self

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from tests.e2e.processes import eventually, free_port

RUNNING = os.environ.get("TEST_REDIS", "redis://127.0.0.1:6379/0")


class NoRedis(Exception):
    """Neither a server nor its program is here"""


class RedisServer:
    """A server of this test's own that keeps nothing on a disk: after `kill` it starts again empty."""

    def __init__(self) -> None:
        self.port = free_port()
        self._folder: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Its first database."""
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def running(self) -> bool:
        """Whether it lives; frozen counts as alive."""
        return self._process is not None and self._process.poll() is None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await asyncio.to_thread(self.end)

    def end(self) -> None:
        """Leave nothing behind."""
        self._kill()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    async def start(self) -> None:
        """Returns when it answers."""
        await asyncio.to_thread(self._launch)
        await eventually(lambda: answers(self.url), seconds=30)

    async def kill(self) -> None:
        """Gone at once, with all that it knew."""
        await asyncio.to_thread(self._kill)

    def freeze(self) -> None:
        """It takes connections, and says nothing until `thaw`."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """It goes on as if no time had passed."""
        self._signal(signal.SIGCONT)

    async def flush(self) -> None:
        """Forget everything."""
        async with client(self.url) as redis:
            await redis.flushall()

    def _launch(self) -> None:
        program = shutil.which("redis-server")
        if program is None:
            raise NoRedis("redis-server is not installed")
        self._folder = self._folder or Path(tempfile.mkdtemp(prefix="carillon-redis-"))
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", str(self._folder)]
        self._process = subprocess.Popen([program, *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def _kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(30)

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)


def client(url: str) -> Redis:
    """To look at a server with: `async with`."""
    return Redis.from_url(url, socket_timeout=5, socket_connect_timeout=2, retry=Retry(NoBackoff(), 0), protocol=2)


async def forget(url: str, prefix: str) -> None:
    """Remove what was stored under a prefix: the server is others', too."""
    async with client(url) as redis:
        keys = [key async for key in redis.scan_iter(f"{prefix}:*")]
        if keys:
            await redis.delete(*keys)


async def answers(url: str) -> bool:
    """Whether a server takes commands there."""
    try:
        async with client(url) as redis:
            return bool(await redis.ping())
    except (OSError, RedisError):
        return False


@cache
def running() -> str:
    """The server that runs already, else one for as long as this process lives. Not from within a loop.

    Raises NoRedis when there is neither. Others use it too: names in it begin with something of one's own.
    """
    if asyncio.run(answers(RUNNING)):
        return RUNNING
    server = RedisServer()
    asyncio.run(server.start())
    atexit.register(server.end)
    return server.url
