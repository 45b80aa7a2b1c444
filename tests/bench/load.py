"""A load as heavy as the server can bear: keep-alive connections, each of which asks again when it is answered."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from tests.bench.http_connection import HttpConnection, LoadFailed
from tests.bench.rounds import Figures, percentile

WARM_UP_SECONDS = 0.3
LAST_ANSWERS_SECONDS = 10.0


@dataclass(slots=True)
class Tally:
    """What was answered while it counted; `latencies` in seconds, `cpu` in seconds of the server."""

    counting: bool = False
    statuses: Counter[int] = field(default_factory=Counter)
    latencies: list[float] = field(default_factory=list)
    seconds: float = 0.0
    cpu: float = 0.0

    def figures(self, expected: int) -> Figures:
        """Per second, in milliseconds, and in CPU of the server. Raises LoadFailed when another status came."""
        if set(self.statuses) != {expected}:
            raise LoadFailed(f"{expected} was expected, and there came {dict(self.statuses)}")
        answered = len(self.latencies)
        return {
            "per second": answered / self.seconds,
            "p50 ms": percentile(self.latencies, 0.5) * 1_000,
            "p99 ms": percentile(self.latencies, 0.99) * 1_000,
            "CPU ms each": self.cpu / answered * 1_000,
            "core busy %": self.cpu / self.seconds * 100,
        }


class Client(HttpConnection):
    """One of many; `requests` is shared with the others, and so is the tally."""

    def __init__(self, requests: Iterator[bytes], tally: Tally) -> None:
        super().__init__()
        self.idle = asyncio.get_running_loop().create_future()
        self._requests = requests
        self._tally = tally
        self._ends = False
        self._asked_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._go_on()

    def end(self) -> None:
        """No further request; `idle` is done when the last one is answered."""
        self._ends = True

    def answered(self, status: int) -> None:
        if self._tally.counting:
            self._tally.statuses[status] += 1
            self._tally.latencies.append(time.perf_counter() - self._asked_at)
        if not self._ends:
            self._go_on()
        elif not self.idle.done():
            self.idle.set_result(None)

    def failed(self, problem: str) -> None:
        if not self.idle.done():
            self.idle.set_exception(LoadFailed(problem))

    def _go_on(self) -> None:
        self._asked_at = time.perf_counter()
        self.ask(next(self._requests))


async def press(
    port: int, requests: Iterator[bytes], *, clients: int, seconds: float, cpu: Callable[[], float]
) -> Tally:
    """Ask over `clients` connections for `seconds`, after a short warm-up; `cpu` is how much the server has used."""
    tally = Tally()
    loop = asyncio.get_running_loop()
    connected = [
        (await loop.create_connection(lambda: Client(requests, tally), "127.0.0.1", port))[1] for _ in range(clients)
    ]
    await asyncio.sleep(WARM_UP_SECONDS)
    began, used, tally.counting = time.perf_counter(), cpu(), True
    await asyncio.sleep(seconds)
    tally.seconds, tally.cpu, tally.counting = time.perf_counter() - began, cpu() - used, False
    for client in connected:
        client.end()
    async with asyncio.timeout(LAST_ANSWERS_SECONDS):
        await asyncio.gather(*(client.idle for client in connected))
    for client in connected:
        client.close()
    return tally
