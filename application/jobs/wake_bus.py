"""Where wake-ups arrive in this process."""

import asyncio
from collections.abc import Collection, Sequence
from typing import Protocol


class Sleeper(Protocol):
    """Something that looks at a queue when it is woken."""

    def wake(self) -> None:
        """There may be something to do."""
        ...

    async def drained(self) -> None:
        """Wait until what was due is done, or until it looks no more."""
        ...


class WakeBus:
    """The loops of this process by queue; made once, so that who sends and who is woken need not know each other."""

    def __init__(self) -> None:
        self._sleepers: dict[str, tuple[Sleeper, ...]] = {}

    @property
    def queues(self) -> Sequence[str]:
        """The queues that somebody here looks at."""
        return tuple(self._sleepers)

    def listen(self, queue: str, sleeper: Sleeper) -> None:
        """Wake `sleeper` for `queue` from now on."""
        others = self._sleepers.get(queue, ())
        if sleeper not in others:
            self._sleepers[queue] = (*others, sleeper)

    def forget(self, sleeper: Sleeper) -> None:
        """Wake it no more."""
        rest = {queue: tuple(one for one in those if one is not sleeper) for queue, those in self._sleepers.items()}
        self._sleepers = {queue: those for queue, those in rest.items() if those}

    def wake(self, queues: Collection[str]) -> None:
        """Wake whoever looks at one of these; nobody may."""
        for sleeper in dict.fromkeys(one for queue in queues for one in self._sleepers.get(queue, ())):
            sleeper.wake()

    async def drained(self, queue: str) -> None:
        """Wait until everybody who looks at the queue has done what was due."""
        await asyncio.gather(*(sleeper.drained() for sleeper in self._sleepers.get(queue, ())))
