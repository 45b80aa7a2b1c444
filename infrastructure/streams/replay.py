"""Bringing a new connection from where its client was to where its stream is."""

import asyncio
from collections.abc import Callable, Iterator, Sequence

from application.ports.jitter import Jitter
from application.ports.stream_hub import StreamOpening
from domain.realtime.cursor import Cursor
from domain.realtime.stream import LoggedUpdate, StreamHead
from domain.subscribers.subscriber import SubscriberNotFound
from infrastructure.streams import frames
from infrastructure.streams.backlog import MOST_AT_ONCE
from infrastructure.streams.connection import Connection
from infrastructure.streams.local_stream import LocalStream
from infrastructure.streams.log_reads import LogReads

# As in catching up: after that the connection goes live where it stands, and catching up finds the rest.
TRIES = 3
BETWEEN_TRIES = 0.05


class Replay:
    """History is read page by page, each only when the client has taken the one before.

    The stream knows of the connection before the first read, so that whatever commits later is seen by one of them.
    """

    def __init__(
        self, reads: LogReads, *, retry_ms: int, jitter: Callable[[], Jitter], on_reset: Callable[[], None]
    ) -> None:
        self._reads = reads
        self._retry_ms = retry_ms
        self._jitter = jitter
        self._on_reset = on_reset

    async def prepare(self, stream: LocalStream, connection: Connection, opening: StreamOpening) -> bytes:
        """Place the connection; returns the first bytes. Raises `SubscriberNotFound`, `Unavailable`."""
        head = await self._head(stream)
        known = opening.cursor is not None and stream.can_replay(head, opening.cursor)
        start = opening.cursor if known and opening.cursor is not None else head.cursor
        connection.epoch, connection.position = start.epoch, start.seq
        first = frames.opening(round(self._jitter().spread(self._retry_ms, 2 / 3)), start)
        if opening.resuming and not known:
            self._on_reset()
            return first + frames.reset(start)
        return first

    async def catch_up(self, stream: LocalStream, connection: Connection) -> None:
        """Write history until the connection is where the stream is, and put it among the live ones in that instant."""
        tries = 0
        while tries < TRIES and not self._arrived(stream, connection):
            page = await self._reads.page_in_turn(stream.id, connection.epoch, connection.position)
            for position, chunk in _chunks(connection.epoch, page):
                await connection.write_through(chunk)
                connection.position = position
            tries = 0 if page else tries + 1
            if not page:
                await self._find_way(stream, connection)
        stream.go_live(connection)

    def _arrived(self, stream: LocalStream, connection: Connection) -> bool:
        return connection.epoch == stream.epoch and connection.position >= stream.seq

    async def _find_way(self, stream: LocalStream, connection: Connection) -> None:
        """The log does not follow on: it was cut meanwhile, or began anew, or is a moment late."""
        head = await self._head(stream)
        if stream.can_replay(head, Cursor(connection.epoch, connection.position)):
            await asyncio.sleep(BETWEEN_TRIES)
        else:
            self._on_reset()
            await connection.write_through(frames.reset(head.cursor))
            connection.epoch, connection.position = head.epoch, head.seq

    async def _head(self, stream: LocalStream) -> StreamHead:
        head = await self._reads.head(stream.id)
        if head is None:
            raise SubscriberNotFound
        stream.settle(head)
        return head


def _chunks(epoch: int, page: Sequence[LoggedUpdate]) -> Iterator[tuple[int, bytes]]:
    """A page in few writes: where each ends, and its bytes."""
    parts: list[bytes] = []
    size = 0
    for update in page:
        parts.append(frames.update(epoch, update.seq, update.kind, update.data, update.trace_id))
        size += len(parts[-1])
        if size >= MOST_AT_ONCE or update is page[-1]:
            yield update.seq, b"".join(parts)
            parts, size = [], 0
