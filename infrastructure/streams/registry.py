"""Which streams are open here, and by how many."""

import asyncio
from collections.abc import Callable, Iterator
from uuid import UUID

from application.ports.jitter import Jitter
from domain.realtime.errors import TooManyStreams
from infrastructure.config.sse import SseSettings
from infrastructure.streams.connection import Connection
from infrastructure.streams.local_stream import LocalStream


class Registry:
    """Counts a connection from `join` to `leave`, whatever happens between."""

    def __init__(self, settings: SseSettings, *, jitter: Callable[[], Jitter], on_reset: Callable[[], None]) -> None:
        self._settings = settings
        self._jitter = jitter
        self._on_reset = on_reset
        self._streams: dict[UUID, LocalStream] = {}
        self._connections: dict[Connection, None] = {}
        self._last_left = asyncio.Event()

    def __len__(self) -> int:
        return len(self._connections)

    def __iter__(self) -> Iterator[Connection]:
        return iter(self._connections)

    @property
    def stream_ids(self) -> list[UUID]:
        """Of every stream that is open here."""
        return list(self._streams)

    def stream(self, stream_id: UUID) -> LocalStream | None:
        """The stream, while somebody has it open."""
        return self._streams.get(stream_id)

    def join(self, connection: Connection) -> LocalStream:
        """Claim a place. Raises `TooManyStreams`."""
        stream_id = connection.holder.stream_id
        stream = self._streams.get(stream_id) or LocalStream(stream_id, self._on_reset)
        if stream.members >= self._settings.max_per_subscriber:
            raise TooManyStreams(f"{stream.members} are open already", retry_after=self._later())
        if len(self._connections) >= self._settings.max_connections:
            raise TooManyStreams("No stream is free here", retry_after=self._later())
        self._streams[stream_id] = stream
        self._connections[connection] = None
        stream.members += 1
        return stream

    def leave(self, stream: LocalStream, connection: Connection) -> None:
        """Give the place back."""
        del self._connections[connection]
        stream.live.pop(connection, None)
        stream.members -= 1
        if not stream.members:
            del self._streams[stream.id]
        if not self._connections:
            self._last_left.set()

    async def emptied(self, seconds: float) -> None:
        """Wait until nothing is open any more, for some seconds at most."""
        self._last_left.clear()
        if self._connections:
            try:
                async with asyncio.timeout(seconds):
                    await self._last_left.wait()
            except TimeoutError:
                pass

    def _later(self) -> float:
        return self._jitter().spread(10.0, 0.5)
