"""How a process and what it stands on fare over a long time: memory, files, tasks, keys."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import linear_regression, median

from tests.servers.redis import client

MEBIBYTE = 1_048_576
TELL_SECONDS = 0.5


class TaskTeller:
    """A part of a process that writes down how many asyncio tasks there are, again and again."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._next: asyncio.TimerHandle | None = None

    async def start(self) -> None:
        """Begin; no task of its own is needed."""
        self._tell()

    async def stop(self) -> None:
        """End."""
        if self._next is not None:
            self._next.cancel()

    def _tell(self) -> None:
        complete = self._file.with_suffix(".new")
        complete.write_text(str(len(asyncio.all_tasks())))
        complete.rename(self._file)
        self._next = asyncio.get_running_loop().call_later(TELL_SECONDS, self._tell)


@dataclass(slots=True)
class Series:
    """One figure over time; `at` is in seconds."""

    at: list[float] = field(default_factory=list)
    values: list[float] = field(default_factory=list)

    def add(self, at: float, value: float) -> None:
        """The next one."""
        self.at.append(at)
        self.values.append(value)

    def after(self, seconds: float) -> "Series":
        """Without the beginning."""
        kept = [(at, value) for at, value in zip(self.at, self.values, strict=True) if at >= seconds]
        return Series([at for at, _ in kept], [value for _, value in kept])

    def growth(self) -> float:
        """From the first half to the second, by their medians: what comes and goes is no growth."""
        half = len(self.values) // 2
        return median(self.values[half:]) - median(self.values[:half])

    def slope(self) -> float:
        """Per second, of the straight line that fits best."""
        return linear_regression(self.at, self.values).slope


def resident(pid: int) -> float:
    """Memory in bytes."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS:")).split()[1]) * 1024


def open_files(pid: int) -> float:
    """Files, sockets and whatever else has a number."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def told(file: Path) -> Callable[[int], float]:
    """What a TaskTeller has written last."""
    return lambda _pid: int(file.read_text())


async def redis_figures(url: str, streams: Sequence[str], group: str) -> dict[str, float]:
    """Keys, and the consumers of a group in all its streams."""
    async with client(url) as redis:
        there = [stream for stream in streams if await redis.exists(stream)]
        consumers = [len(await redis.xinfo_consumers(stream, group)) for stream in there]
        return {"redis keys": await redis.dbsize(), "redis consumers": sum(consumers)}
