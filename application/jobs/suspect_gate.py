"""Keeping suspects apart from everything else that a process runs."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

# Longer than a send may take. A job can take an hour: it does not hold up everybody for that long. Should the process
# die beside it, it is a suspect itself from then on, so that it cannot be mistaken twice.
PATIENCE = 30.0


class SuspectGate:
    """Normal work shares the process; suspects have it to themselves, so that a crash tells who it was.

    After suspects, normal work goes on for at least as long as it was kept out: poison slows the rest down by half at
    most.
    """

    def __init__(self, *, patience: float = PATIENCE) -> None:
        self._patience = patience
        self._running = 0
        self._open = asyncio.Event()
        self._open.set()
        self._idle = asyncio.Event()
        self._idle.set()
        self._next_suspects_at = 0.0

    @property
    def rest(self) -> float:
        """For how many seconds normal work still has its share since the last suspects."""
        return max(0.0, self._next_suspects_at - time.monotonic())

    async def entered(self) -> None:
        """Wait until normal work may be claimed, and count one piece of it; `left` must follow."""
        while not self._open.is_set():
            await self._open.wait()
        self.joined()

    def joined(self) -> None:
        """Count one more piece of normal work, by somebody who has entered."""
        self._running += 1
        self._idle.clear()

    def left(self) -> None:
        """One piece of normal work is over."""
        self._running -= 1
        if self._running == 0:
            self._idle.set()

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """Close for normal work, give what runs `patience` seconds to end, and hold the process for the block."""
        closed = time.monotonic()
        self._open.clear()
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._patience):
                    await self._idle.wait()
            yield
        finally:
            now = time.monotonic()
            self._next_suspects_at = now + (now - closed)
            self._open.set()
