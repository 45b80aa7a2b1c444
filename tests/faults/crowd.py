"""Thousands of browsers that follow a stream each, as cheaply as one process can be all of them.

    async with crowd(port, tokens) as browsers:
        await browsers.all_open(30)
        ...
        browsers.opened        # when a stream was opened, each time

They do as an EventSource does: come back with their place, after the time that the server has named last; also when
they were refused, as a script would.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

from domain.realtime.cursor import Cursor
from tests.e2e.processes import eventually
from tests.integration.sse.raw_client import STREAM

# What an EventSource waits until it is told something else.
RETRY_SECONDS = 3.0
OPENED = b"200"
# So many knock at once where they are not to be a fault themselves.
TOGETHER = 50


class Browser(asyncio.Protocol):
    """One stream, over as many connections as it takes; `gaps` counts updates that came out of turn."""

    def __init__(self, crowd: "Crowd", token: str) -> None:
        self.open = False
        self.retry = RETRY_SECONDS
        self.place: Cursor | None = None
        self.gaps = 0
        self.resets = 0
        self._crowd = crowd
        self._token = token
        self._rest = b""
        self._transport: asyncio.Transport | None = None
        self._later: asyncio.TimerHandle | None = None

    async def connect(self) -> None:
        """Once; whoever is refused comes back by itself."""
        try:
            await asyncio.get_running_loop().create_connection(lambda: self, "127.0.0.1", self._crowd.port)
        except OSError:
            self._come_back()

    def cut(self) -> None:
        """As a device that goes out of reach; it comes back."""
        if self._transport is not None:
            self._transport.abort()

    def leave(self) -> None:
        """For good."""
        if self._later is not None:
            self._later.cancel()
        self.cut()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport, self._rest = transport, b""
        place = f"Last-Event-ID: {self.place}\r\n" if self.place else ""
        head = f"GET {STREAM} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {self._token}\r\n{place}\r\n"
        transport.write(head.encode())

    def data_received(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._take(line.rstrip(b"\r"))

    def connection_lost(self, _error: Exception | None) -> None:
        self.open, self._transport = False, None
        self._come_back()

    def _take(self, line: bytes) -> None:
        """Lines of the head, of chunks' lengths and of events alike: no two of them begin in the same way."""
        name, _, value = line.partition(b" ")
        if name == b"HTTP/1.1":
            self._answered(value.startswith(OPENED))
        elif name == b"retry:":
            self.retry = int(value) / 1_000
        elif name == b"id:":
            self._move(Cursor.parse(value.decode()))
        elif line == b"event: reset":
            self.resets += 1

    def _answered(self, opened: bool) -> None:
        self.open = opened
        (self._crowd.opened if opened else self._crowd.refused).append(time.monotonic())
        if not opened:
            # The server would keep the connection for another request.
            self.cut()

    def _move(self, place: Cursor | None) -> None:
        assert place is not None, "the server sends its own ids"
        if self.place is not None and (place.epoch, place.seq) not in _next_of(self.place):
            self.gaps += 1
        self.place = place

    def _come_back(self) -> None:
        if not self._crowd.leaving:
            loop = asyncio.get_running_loop()
            self._later = loop.call_later(self.retry, lambda: self._crowd.spawn(self.connect()))


def _next_of(place: Cursor) -> set[tuple[int, int]]:
    """Where an opening may stand, and where the next update."""
    return {(place.epoch, place.seq), (place.epoch, place.seq + 1)}


class Crowd:
    """All of them. `opened` and `refused` hold when that happened to any, by the monotonic clock."""

    def __init__(self, port: int, tokens: Sequence[str]) -> None:
        self.port = port
        self.opened: list[float] = []
        self.refused: list[float] = []
        self.leaving = False
        self.browsers = [Browser(self, token) for token in tokens]
        self._tasks: set[asyncio.Task[None]] = set()

    async def arrive(self, together: int) -> None:
        """All of them, some at a time."""
        for first in range(0, len(self.browsers), together):
            await asyncio.gather(*(browser.connect() for browser in self.browsers[first : first + together]))

    async def all_open(self, seconds: float) -> None:
        """Wait until each has its stream."""
        await eventually(self._closed, lambda number: number == 0, seconds)

    async def all_at(self, places: Sequence[Cursor], seconds: float) -> None:
        """Wait until each has come to its place, given in their order."""

        async def behind() -> int:
            return sum(browser.place != place for browser, place in zip(self.browsers, places, strict=True))

        await eventually(behind, lambda number: number == 0, seconds)

    def spawn(self, work: "asyncio._CoroutineLike[None]") -> None:
        """Keep a task until it is done."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def leave(self) -> None:
        """All of them, for good."""
        self.leaving = True
        for browser in self.browsers:
            browser.leave()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*self._tasks, return_exceptions=True)
        # Those that were about to connect have arrived by now.
        for browser in self.browsers:
            browser.leave()
        # Transports are closed by the loop, one turn later.
        await asyncio.sleep(0)

    async def _closed(self) -> int:
        return sum(not browser.open for browser in self.browsers)


@asynccontextmanager
async def crowd(port: int, tokens: Sequence[str], *, together: int = TOGETHER) -> AsyncIterator[Crowd]:
    """One browser for each token, whose streams are being opened, so many at once."""
    browsers = Crowd(port, tokens)
    try:
        await browsers.arrive(together)
        yield browsers
    finally:
        await browsers.leave()
