"""Many browsers that follow streams, read as cheaply as can be: only numbers in titles are looked for.

A title is a number, "#17", or the moment of its making, "#<nanoseconds>".
"""

import asyncio
import re
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Self, cast

from tests.bench.http_connection import LoadFailed

NUMBER = re.compile(rb'"title":"#(\d+)"')
END_OF_EVENT = b"\n\n"
OPENING_AT_ONCE = 50
OPEN_SECONDS = 60.0
OK = b"HTTP/1.1 200 "


class Follower(asyncio.Protocol):
    """One stream; open once `opened_by` was read."""

    def __init__(self, request: bytes, opened_by: bytes, crowd: "Followers") -> None:
        self.opened = asyncio.get_running_loop().create_future()
        self._request = request
        self._opened_by = opened_by
        self._crowd = crowd
        self._unread = b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Not checked: uvloop's is none by its class.
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._unread += data
        if self.opened.done():
            self._take(time.perf_counter())
        elif self._opened_by in self._unread:
            self._open()

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail(f"a stream was closed: {exc}")

    def close(self) -> None:
        self._transport.close()

    def _open(self) -> None:
        if self._unread.startswith(OK):
            self._unread = b""
            self.opened.set_result(None)
        else:
            self._fail(f"a stream was refused: {self._unread[:300]!r}")

    def _fail(self, problem: str) -> None:
        self._crowd.problems.append(problem)
        if not self.opened.done():
            self.opened.set_exception(LoadFailed(problem))

    def _take(self, now: float) -> None:
        end = self._unread.rfind(END_OF_EVENT)
        if end >= 0:
            self._crowd.take(NUMBER.findall(self._unread, 0, end), now)
            self._unread = self._unread[end:]


class Followers:
    """Open streams of one server; `received` are numbers, each with the moment at which it was read."""

    def __init__(self, port: int, requests: Sequence[bytes], opened_by: bytes) -> None:
        self.received: list[tuple[int, float]] = []
        self.problems: list[str] = []
        self._port = port
        self._requests = requests
        self._opened_by = opened_by
        self._all: list[Follower] = []

    async def __aenter__(self) -> Self:
        for first in range(0, len(self._requests), OPENING_AT_ONCE):
            await asyncio.gather(*map(self._follow, self._requests[first : first + OPENING_AT_ONCE]))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for follower in self._all:
            follower.close()

    def take(self, numbers: Sequence[bytes], now: float) -> None:
        """Numbers were read."""
        self.received += [(int(number), now) for number in numbers]

    async def next(self, count: int, seconds: float) -> list[tuple[int, float]]:
        """Wait for so many numbers, and forget them; raises LoadFailed when that takes longer, or more come."""
        deadline = time.perf_counter() + seconds
        while len(self.received) < count:
            if self.problems or time.perf_counter() > deadline:
                raise LoadFailed(f"{len(self.received)} of {count} events came {self.problems[:1]}")
            await asyncio.sleep(0.005)
        received, self.received = self.received, []
        if len(received) > count:
            raise LoadFailed(f"{len(received)} events came instead of {count}")
        return received

    async def _follow(self, request: bytes) -> None:
        loop = asyncio.get_running_loop()
        follower = (
            await loop.create_connection(lambda: Follower(request, self._opened_by, self), "127.0.0.1", self._port)
        )[1]
        self._all.append(follower)
        async with asyncio.timeout(OPEN_SECONDS):
            await follower.opened
