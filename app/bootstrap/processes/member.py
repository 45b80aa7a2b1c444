"""One of several processes under a parent, from the parent's side."""

import asyncio
import signal
import socket
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic
from typing import Final

from app.bootstrap.processes.line import Line
from app.bootstrap.processes.places import Place
from app.bootstrap.processes.totals import Totals
from application.ports.log import Log
from application.ports.metrics import Metrics

# Whoever dies so often before it was ready will not do better: somebody has to look at it.
FAILED_STARTS: Final = 5
NOT_STARTED: Final = 71  # EX_OSERR of sysexits.h: the system had no process for us
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 5.0
# After so long a life, a death is a first one again.
STEADY_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """How one process went."""

    code: int
    seconds: float
    ready: bool


class Member:
    """Keeps one process running until it is told to end, or until there is no point.

    Its place is kept for it meanwhile: whoever connects there waits until the next process is ready.
    """

    def __init__(self, command: Sequence[str], place: Place, totals: Totals, *, metrics: Metrics, log: Log) -> None:
        self.is_ready = asyncio.Event()
        self._command = command
        self._place = place
        self._totals = totals
        self._metrics = metrics
        self._log = log
        self._told = asyncio.Event()
        self._process: Process | None = None
        self._reload_when_ready = False

    async def run(self) -> Life | None:
        """Returns the process that was told to end or did not get ready once too often; None if none runs just then."""
        short_lives = failed_starts = 0
        while True:
            life = await self._live()
            if self._told.is_set():
                return life
            self._metrics.increment("child_processes_lost_total")
            short_lives = 0 if life.ready and life.seconds > STEADY_SECONDS else short_lives + 1
            failed_starts = 0 if life.ready else failed_starts + 1
            self._log.error("process.lost", code=life.code, ready=life.ready, seconds=round(life.seconds, 3))
            if failed_starts == FAILED_STARTS:
                return life
            await self._pause(short_lives)
            if self._told.is_set():
                return None

    def stop(self, number: signal.Signals) -> None:
        """End: the process is sent this signal, and nobody is called to its place any more."""
        self._told.set()
        for each in self._place:
            each.close()
        self._signal(number)

    def reload(self) -> None:
        """Have the process read its configuration again; one that just starts does so when it can hear of it."""
        if self.is_ready.is_set():
            self._signal(signal.SIGHUP)
        else:
            self._reload_when_ready = True

    def kill(self) -> None:
        """End the process where it stands."""
        self._signal(signal.SIGKILL)

    async def _live(self) -> Life:
        began = monotonic()
        line, (ours, theirs) = Line(self._totals, self._heard_ready), socket.socketpair()
        with theirs:
            try:
                self._process = process = await self._spawned([theirs, *self._place])
            except OSError as error:
                ours.close()
                self._log.exception("process.not_started", error)
                return Life(code=NOT_STARTED, seconds=monotonic() - began, ready=False)
        if self._told.is_set():
            # While it was being started.
            self._signal(signal.SIGTERM)
        await line.open(ours)
        self._totals.join(line)
        await line.run()
        code = await process.wait()
        self._totals.leave(line)
        ready = self.is_ready.is_set()
        self.is_ready.clear()
        return Life(code=code, seconds=monotonic() - began, ready=ready)

    async def _spawned(self, sockets: Sequence[socket.socket]) -> Process:
        """A session of its own: what the terminal says to all, it hears from us alone, and once."""
        descriptors = [each.fileno() for each in sockets]
        return await asyncio.create_subprocess_exec(
            *self._command,
            "--child",
            ",".join(map(str, descriptors)),
            stdin=DEVNULL,
            pass_fds=descriptors,
            start_new_session=True,
        )

    def _heard_ready(self) -> None:
        self.is_ready.set()
        if self._reload_when_ready:
            self._reload_when_ready = False
            self._signal(signal.SIGHUP)

    async def _pause(self, short_lives: int) -> None:
        """None after a first death; then more and more."""
        seconds = min(FIRST_PAUSE * 2 ** (short_lives - 2), LONGEST_PAUSE) if short_lives > 1 else 0.0
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._told.wait()

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.send_signal(number)


def command_of(part: str, arguments: Sequence[str]) -> Sequence[str]:
    """How a child is started: as its parent was, with the same interpreter."""
    return [sys.executable, "-m", "app", part, *arguments]
