"""A backend that asks when it is time, and not when it was answered."""

import asyncio
import time
from collections import Counter, deque
from collections.abc import Iterator
from types import TracebackType
from typing import Self

from tests.bench.http_connection import HttpConnection, LoadFailed

CONNECTIONS = 500
ANSWER_SECONDS = 30.0


class Caller(HttpConnection):
    """One connection of a pool, which it goes back to when it is answered."""

    def __init__(self, pool: "Callers") -> None:
        super().__init__()
        self._pool = pool

    def answered(self, status: int) -> None:
        self._pool.statuses[status] += 1
        self._pool.free.append(self)

    def failed(self, problem: str) -> None:
        self._pool.lost(self, problem)


class Callers:
    """Connections to one server."""

    def __init__(self, port: int, connections: int = CONNECTIONS) -> None:
        # The one that was idle the longest has the next turn: servers close connections that ask nothing for long.
        self.free: deque[Caller] = deque()
        self.statuses: Counter[int] = Counter()
        self.problems: list[str] = []
        self._port = port
        self._connections = connections
        self._all: list[Caller] = []

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        for _ in range(self._connections):
            connected = await loop.create_connection(lambda: Caller(self), "127.0.0.1", self._port)
            self._all.append(connected[1])
        self.free = deque(self._all)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for caller in tuple(self._all):
            caller.close()

    @property
    def _waiting(self) -> bool:
        return len(self.free) < len(self._all)

    def lost(self, caller: Caller, problem: str) -> None:
        """A connection is gone: nothing to speak of as long as it waits for no answer."""
        if caller in self.free:
            self.free.remove(caller)
            self._all.remove(caller)
        else:
            self.problems.append(problem)

    def call(self, request: bytes) -> float:
        """Ask now; the moment. Raises LoadFailed when all connections wait for an answer, or one was lost."""
        if self.problems or not self.free:
            raise LoadFailed(self.problems[0] if self.problems else "the server does not keep up")
        caller = self.free.popleft()
        asked_at = time.perf_counter()
        caller.ask(request)
        return asked_at

    async def at_rate(self, requests: Iterator[bytes], per_second: float) -> list[float]:
        """Ask evenly until there are no more requests; when each was asked."""
        began, asked_at = time.perf_counter(), list[float]()
        for number, request in enumerate(requests):
            await asyncio.sleep(max(0.0, began + number / per_second - time.perf_counter()))
            asked_at.append(self.call(request))
        return asked_at

    async def all_answered(self, expected: int) -> None:
        """Wait for what is still open; raises LoadFailed when any answer had another status than expected."""
        deadline = time.perf_counter() + ANSWER_SECONDS
        while self._waiting:
            if self.problems or time.perf_counter() > deadline:
                raise LoadFailed(self.problems[0] if self.problems else "some answers never came")
            await asyncio.sleep(0.01)
        if set(self.statuses) != {expected}:
            raise LoadFailed(f"{expected} was expected, and there came {dict(self.statuses)}")
