"""The life of one connection, in the task of its request."""

import asyncio
from collections.abc import Callable

from application.ports.clock import Clock
from application.ports.jitter import Jitter
from application.ports.log import Log
from application.ports.stream_hub import ClaimedStream, StreamOpening
from domain.identity.principal import Principal
from domain.shared.errors import Unavailable
from infrastructure.config.sse import SseSettings
from infrastructure.streams import frames
from infrastructure.streams.connection import Connection, Ending, ReaderTooSlow
from infrastructure.streams.local_stream import LocalStream
from infrastructure.streams.replay import Replay

# Together they stay below the second that a drain may take.
FAREWELL_SECONDS = 0.7
CUT_SECONDS = 0.2
RETRY_AFTER_SHUTDOWN_MS = (15_500, 14_500)


class ServedStream(ClaimedStream):
    """A connection that has its place, which `leave` gives back."""

    __slots__ = ("_connection", "_first", "_leave", "_serving", "_stream")

    def __init__(
        self,
        serving: "Serving",
        stream: LocalStream,
        connection: Connection,
        first: bytes,
        leave: Callable[[LocalStream, Connection], None],
    ) -> None:
        self._serving = serving
        self._stream = stream
        self._connection = connection
        self._first = first
        self._leave = leave

    async def run(self) -> None:
        try:
            await self._serving.run(self._stream, self._connection, self._first)
        finally:
            self._leave(self._stream, self._connection)


class Serving:
    """Opens, waits, says farewell. All writing in between is done by whoever publishes."""

    def __init__(
        self,
        settings: SseSettings,
        replay: Replay,
        *,
        clock: Callable[[], Clock],
        jitter: Callable[[], Jitter],
        log: Callable[[], Log],
        fill: Callable[[LocalStream], None],
    ) -> None:
        self._fill = fill
        self._settings = settings
        self._replay = replay
        self._clock = clock
        self._jitter = jitter
        self._log = log

    async def prepare(self, stream: LocalStream, connection: Connection, opening: StreamOpening) -> bytes:
        """All that may be refused; returns the first bytes."""
        first = await self._replay.prepare(stream, connection, opening)
        if connection.ending is not None:
            raise Unavailable("This process is shutting down", retry_after=1)
        return first

    async def run(self, stream: LocalStream, connection: Connection, first: bytes) -> None:
        """Send the head, then everything until the end; raises nothing but a cancellation."""
        await self._hold_open(stream, connection, first)
        await self._part(connection)

    async def _hold_open(self, stream: LocalStream, connection: Connection, first: bytes) -> None:
        try:
            await connection.in_time(connection.socket.start())
            async with asyncio.timeout(self._lifetime(connection.holder.principal)) as deadline:
                connection.watch(deadline)
                try:
                    await connection.write_through(first)
                    await self._replay.catch_up(stream, connection)
                    if not stream.level:
                        self._fill(stream)
                    await connection.socket.gone()
                finally:
                    connection.watch(None)
            connection.end(Ending.LEFT)
        except ReaderTooSlow:
            connection.end(Ending.SLOW)
        except TimeoutError:
            connection.end(Ending.AGED)
        except Exception as error:  # noqa: BLE001 - the answer has begun: all that is left is to end it
            connection.end(Ending.FAILED)
            self._log().exception("streams.failed", error)

    async def _part(self, connection: Connection) -> None:
        if connection.ending in (Ending.SLOW, Ending.LOST):
            await self._cut(connection)
        elif connection.ending is not Ending.LEFT:
            try:
                async with asyncio.timeout(FAREWELL_SECONDS):
                    await self._say_farewell(connection)
            except Exception:  # noqa: BLE001 - too slow for a farewell, or gone
                await self._cut(connection)

    async def _say_farewell(self, connection: Connection) -> None:
        await connection.emptied()
        if connection.ending is Ending.DRAINED:
            middle, spread = RETRY_AFTER_SHUTDOWN_MS
            retry_ms = round(self._jitter().spread(middle, spread / middle))
            await connection.socket.write(frames.shutdown(retry_ms))
        await connection.socket.finish()

    async def _cut(self, connection: Connection) -> None:
        """Returning before the server has noticed would look to it like an unfinished answer."""
        connection.socket.abort()
        try:
            async with asyncio.timeout(CUT_SECONDS):
                await connection.socket.gone()
        except TimeoutError:
            pass

    def _lifetime(self, principal: Principal) -> float:
        """Seconds; it differs from client to client, so that they do not all come back at once."""
        longest = self._jitter().spread(self._settings.max_age, 0.2)
        if principal.expires_at is None:
            return longest
        return min(longest, (principal.expires_at - self._clock().now()).total_seconds())
