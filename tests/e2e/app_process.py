"""One process of Carillon, as the system runs it."""

import asyncio
import random
import signal
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Self, TypeVar

import httpx

ROOT = Path(__file__).resolve().parents[2]
LISTENING_PARTS = frozenset({None, "all", "serve"})
# Systems give outgoing connections the ports above: one of those could be taken while a server is down.
PORTS = range(20_000, 30_000)
START_SECONDS = 60.0
STOP_SECONDS = 20.0
POLL_SECONDS = 0.05
LINES_SHOWN = 40

T = TypeVar("T")


class ProcessFailed(Exception):
    """A process did not start, or did not end; says what it printed."""


async def eventually(look: Callable[[], Awaitable[T]], until: Callable[[T], object] = bool, seconds: float = 20) -> T:
    """Look again and again until what is seen is accepted. An AssertionError tells what was seen last."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    while True:
        seen = await look()
        if until(seen):
            return seen
        assert loop.time() < deadline, f"not within {seconds:g} s; seen last: {seen!r}"
        await asyncio.sleep(POLL_SECONDS)


def free_port() -> int:
    """A port on which nothing listens."""
    for port in random.sample(PORTS, 100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port
    raise ProcessFailed("none of a hundred ports is free")


def spawned(
    command: Sequence[str], folder: Path, environment: Mapping[str, str], log_file: Path
) -> subprocess.Popen[bytes]:
    """A process that runs in `folder` and writes to the end of `log_file`.

    In a session of its own: Ctrl-C in the terminal is for the tests, which then end it in order.
    """
    with log_file.open("ab") as log:
        return subprocess.Popen(
            command,
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


class AppProcess:
    """One part of Carillon (None: everything), which may be started again after it has ended."""

    def __init__(
        self,
        part: str | None,
        environment: Mapping[str, str],
        folder: Path,
        *,
        arguments: Sequence[str] = (),
        ready_text: str | None = None,
    ) -> None:
        self.part = part
        self.port = int(environment["APP_PORT"])
        self.log_file = folder / f"{part or 'app'}-{self.port}.log"
        self._command = [sys.executable, "-m", "app", *([part] if part else []), *arguments]
        self._environment = environment
        self._folder = folder
        self._ready_text = ready_text
        self._running: subprocess.Popen[bytes] | None = None
        self._begins_at = 0

    @property
    def base_url(self) -> str:
        """Where it listens, if its part does."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def output(self) -> str:
        """Everything it has printed, earlier starts included."""
        return self.log_file.read_text("utf-8", "replace") if self.log_file.exists() else ""

    @property
    def pid(self) -> int:
        assert self._running is not None, "never started"
        return self._running.pid

    @property
    def serving_pids(self) -> list[int]:
        """Of the processes that answer requests."""
        return [self.pid]

    @property
    def started(self) -> bool:
        """Whether it ever was; it may have ended since."""
        return self._running is not None

    @property
    def running(self) -> bool:
        return self._running is not None and self._running.poll() is None

    @property
    def exit_code(self) -> int | None:
        """None while it runs; negative when a signal ended it."""
        return self._running.poll() if self._running else None

    async def start(self) -> Self:
        """Start, and wait until it is ready: until `/health/ready` says so, or until it has printed `ready_text`."""
        assert not self.running, "still running"
        self._spawn()
        try:
            async with httpx.AsyncClient(base_url=self.base_url, timeout=5, trust_env=False) as client:
                await eventually(lambda: self._is_ready(client), seconds=START_SECONDS)
        except (AssertionError, ProcessFailed) as error:
            await self.kill()
            raise ProcessFailed(f"{self.log_file.name} did not get ready: {error}\n{self.last_lines()}") from None
        return self

    async def stop(self, seconds: float = STOP_SECONDS) -> int:
        """Ask it to end, as an operator does (SIGTERM); its exit code."""
        self.send_signal(signal.SIGCONT)
        self.send_signal(signal.SIGTERM)
        return await self.ended(seconds)

    async def kill(self) -> None:
        """End it where it stands (SIGKILL)."""
        self.send_signal(signal.SIGKILL)
        await self.ended(STOP_SECONDS)

    async def restart(self) -> Self:
        """End it in order, and start it at the same port."""
        await self.stop()
        return await self.start()

    def send_signal(self, number: signal.Signals) -> None:
        """SIGSTOP and SIGCONT make it hang for a while; nothing happens when it has ended."""
        if self._running is not None:
            self._running.send_signal(number)

    async def ended(self, seconds: float = STOP_SECONDS) -> int:
        """Wait for its end; its exit code. Kills it and raises ProcessFailed when that takes too long."""

        async def look() -> int | None:
            return self.exit_code

        assert self._running is not None, "never started"
        try:
            await eventually(look, lambda code: code is not None, seconds)
        except AssertionError:
            self.send_signal(signal.SIGKILL)
            self._running.wait(STOP_SECONDS)
            message = f"{self.log_file.name} was still running after {seconds:g} s\n{self.last_lines()}"
            raise ProcessFailed(message) from None
        assert self.exit_code is not None
        return self.exit_code

    def last_lines(self) -> str:
        """The end of what it printed."""
        return "\n".join(self.output.splitlines()[-LINES_SHOWN:])

    def _spawn(self) -> None:
        self._begins_at = len(self.output)
        self._running = spawned(self._command, self._folder, self._environment, self.log_file)

    async def _is_ready(self, client: httpx.AsyncClient) -> bool:
        if self.exit_code is not None:
            raise ProcessFailed(f"it ended with {self.exit_code}")
        if self._ready_text is not None:
            return self._ready_text in self.output[self._begins_at :]
        if self.part not in LISTENING_PARTS:
            return True
        try:
            return (await client.get("/health/ready")).status_code == 200
        except httpx.TransportError:
            return False
