"""A browser that follows a stream, and comes back with its place whenever it is cut off."""

import asyncio
from contextlib import suppress

from domain.realtime.cursor import Cursor
from tests.faults.facts import Frame, Heard
from tests.integration.sse.raw_client import STREAM, RawClient

KINDS = {
    "notification_received": Heard.UPDATE,
    "notification_updated": Heard.UPDATE,
    "reset": Heard.RESET,
}
BACK_AFTER_SECONDS = 0.1
OPENED = 200


class Follower:
    """Keeps every frame that has a place, over all its connections; `start` is where it begins."""

    def __init__(self, port: int, token: str, start: Cursor) -> None:
        self.frames = [Frame(Heard.START, start)]
        self.connections = 0
        self._port = port
        self._token = token

    @property
    def place(self) -> Cursor:
        """The last one it has seen."""
        return self.frames[-1].place

    async def follow(self) -> None:
        """Follow until cancelled."""
        while True:
            client = RawClient(self._port)
            with suppress(OSError, asyncio.IncompleteReadError, TimeoutError):
                await client.request(STREAM, token=self._token, Last_Event_ID=str(self.place))
                try:
                    await self._read(client)
                finally:
                    await client.leave()
            await asyncio.sleep(BACK_AFTER_SECONDS)

    async def _read(self, client: RawClient) -> None:
        await client.head()
        if client.status == OPENED:
            self.connections += 1
            self._opened(client)
            await client.read(lambda: self._take(client))

    def _opened(self, client: RawClient) -> None:
        """For those who do something about it."""

    def _take(self, client: RawClient) -> bool:
        """Take over what was read; never enough."""
        for event in client.events:
            place = Cursor.parse(event.last_id)
            if event.name in KINDS and place is not None:
                self.frames.append(Frame(KINDS[event.name], place))
        client.events.clear()
        return False
