"""Comments that keep quiet streams open."""

import asyncio

from infrastructure.streams.connection import Connection

RANKS = 15
# Writes in one turn of the loop.
BURST = 500


class Heartbeat:
    """One task for all connections: each belongs to a rank, and every beat it is another rank's turn."""

    def __init__(self, interval: float) -> None:
        self._beat = interval / RANKS
        self._ranks: tuple[dict[Connection, None], ...] = tuple({} for _ in range(RANKS))
        self._turn = 0

    def join(self, connection: Connection) -> None:
        """The connection's first comment comes after a whole interval."""
        connection.rank = (self._turn - 1) % RANKS
        self._ranks[connection.rank][connection] = None

    def leave(self, connection: Connection) -> None:
        """No more comments for it."""
        self._ranks[connection.rank].pop(connection, None)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(self._beat)
            for count, connection in enumerate(tuple(self._ranks[self._turn]), start=1):
                connection.comment()
                if count % BURST == 0:
                    await asyncio.sleep(0)
            self._turn = (self._turn + 1) % RANKS
