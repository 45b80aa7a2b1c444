"""How many requests may be under way to one host at once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass


@dataclass(slots=True)
class _Host:
    slots: asyncio.Semaphore
    users: int = 0


class HostSlots:
    """`limit` slots for each host, so that one slow host neither is flooded nor takes all connections.

    Whoever comes too many waits, in order, for as long as its caller lets it. A host that nobody uses is forgotten.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._hosts: dict[str, _Host] = {}

    def __len__(self) -> int:
        return len(self._hosts)

    @asynccontextmanager
    async def slot(self, host: str) -> AsyncIterator[None]:
        """Hold one of the host's slots during the block."""
        entry = self._hosts.setdefault(host, _Host(asyncio.Semaphore(self._limit)))
        entry.users += 1
        try:
            async with entry.slots:
                yield
        finally:
            entry.users -= 1
            if not entry.users:
                del self._hosts[host]
