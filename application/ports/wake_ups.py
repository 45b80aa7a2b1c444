"""Telling workers that there is something to do."""

from collections.abc import Collection
from typing import Protocol


class WakeUps(Protocol):
    """A hint and nothing more: it may be lost, doubled or late; a sweep each second finds the rows without it."""

    async def send(self, queues: Collection[str]) -> None:
        """One wake-up per queue. Never raises and takes at most 100 ms: a failure is counted."""
        ...
