"""A browser on a bad line: it drops its stream again and again, and comes back with its place."""

import asyncio
import random
from collections.abc import Iterator
from contextlib import suppress
from itertools import pairwise

from domain.realtime.cursor import Cursor
from tests.faults.facts import Heard
from tests.faults.follower import Follower
from tests.integration.sse.raw_client import STREAM, RawClient

LONGEST_AWAY_SECONDS = 0.2
# One visit in ten is over about when it begins.
HASTY, HASTY_SECONDS = 0.1, 0.05


class Dropper(Follower):
    """Unlike a follower, it goes by itself: half of the times with a reset, some times before it was answered."""

    _stay: float | None = None

    async def drop(self, times: int, longest_stay: float) -> None:
        """So often an open stream; each stay is up to so many seconds."""
        until = self.connections + times
        while self.connections < until:
            self._stay = random.uniform(0, longest_stay)  # noqa: S311 - a moment, not a key
            await self._visit()
            await asyncio.sleep(random.uniform(0, LONGEST_AWAY_SECONDS))  # noqa: S311 - see above
        self._stay = None

    async def _visit(self) -> None:
        client = RawClient(self._port)
        await client.request(STREAM, token=self._token, Last_Event_ID=str(self.place))
        if random.random() < HASTY:  # noqa: S311 - see above
            asyncio.get_running_loop().call_later(random.uniform(0, HASTY_SECONDS), _go, client)  # noqa: S311
        with suppress(OSError, asyncio.IncompleteReadError):
            await self._read(client)
        await client.leave()

    def _opened(self, client: RawClient) -> None:
        if self._stay is not None:
            asyncio.get_running_loop().call_later(self._stay, _go, client)

    @property
    def resets(self) -> int:
        """How often it was told to fetch anew."""
        return sum(frame.heard is Heard.RESET for frame in self.frames)

    def faults(self, head: Cursor) -> Iterator[str]:
        """Where an update is missing or came twice, up to the end of its stream; a reset excuses what lies before."""
        for before, frame in pairwise(self.frames):
            follows_on = (frame.place.epoch, frame.place.seq) == (before.place.epoch, before.place.seq + 1)
            if frame.heard is Heard.UPDATE and not follows_on:
                yield f"{frame.place} after {before.place}"
        if self.place != head:
            yield f"ended at {self.place}, its stream at {head}"


def _go(client: RawClient) -> None:
    client.reset() if random.random() < 0.5 else client.close()  # noqa: S311 - either way, not a key
