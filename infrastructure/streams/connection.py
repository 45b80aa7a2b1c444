"""One open stream of one client."""

import asyncio
from collections.abc import Awaitable
from enum import StrEnum

from application.ports.stream_hub import StreamHolder, StreamSocket
from application.ports.task_supervisor import TaskSupervisor
from infrastructure.config.sse import SseSettings
from infrastructure.streams import frames
from infrastructure.streams.backlog import Backlog
from infrastructure.streams.started import Started


class Ending(StrEnum):
    """Why a stream is over."""

    LEFT = "left"
    AGED = "aged"
    EXPIRED = "expired"
    REVOKED = "revoked"
    DELETED = "deleted"
    DRAINED = "drained"
    SLOW = "slow"
    LOST = "lost"
    FAILED = "failed"


class ReaderTooSlow(Exception):
    """The client did not take what was written in time"""


class Connection:
    """Writes in the caller's turn as long as the client's socket takes it.

    Only when a write has to wait does a task of its own carry it on, and buffer what comes meanwhile.
    `position` is the seq up to which everything was written or buffered, in the history `epoch`.
    """

    __slots__ = (
        "_backlog", "_deadline", "_settings", "_supervisor", "ending", "epoch", "holder", "position", "rank", "socket",
    )  # fmt: skip

    def __init__(
        self, holder: StreamHolder, socket: StreamSocket, settings: SseSettings, supervisor: TaskSupervisor
    ) -> None:
        self.holder = holder
        self.socket = socket
        self.ending: Ending | None = None
        self.epoch = 0
        self.position = 0
        self.rank = 0
        self._settings = settings
        self._supervisor = supervisor
        self._backlog: Backlog | None = None
        self._deadline: asyncio.Timeout | None = None

    def write(self, chunk: bytes, events: int = 1) -> None:
        """Write now or as soon as the client takes it. Never waits, never raises."""
        if self.ending is not None:
            return
        if self._backlog is not None:
            if not self._backlog.add(chunk, events):
                self.end(Ending.SLOW)
            return
        writing = self.socket.write(chunk)
        try:
            waiting_for = writing.send(None)
        except StopIteration:
            return
        except Exception:  # noqa: BLE001 - whatever the server raises, this client is lost and the others are not
            self.end(Ending.LOST)
            return
        self._backlog = Backlog(self._settings.backlog, self._settings.backlog_bytes)
        self._supervisor.spawn("streams.flush", self._flush(Started(writing, waiting_for), self._backlog))

    async def write_through(self, chunk: bytes) -> None:
        """Write and wait for the client's socket; for replays. Raises `ReaderTooSlow`."""
        await self.in_time(self.socket.write(chunk))

    def comment(self) -> None:
        """Keep proxies from closing a quiet connection."""
        if self._backlog is None:
            self.write(frames.COMMENT)

    def watch(self, deadline: asyncio.Timeout | None) -> None:
        """Name what `end` lets expire: the scope in which the stream's task waits; None when it is left."""
        self._deadline = deadline
        if deadline is not None and self.ending is not None:
            deadline.reschedule(0)

    def end(self, ending: Ending) -> None:
        """Stop writing and let the stream's task go on to its farewell. The first reason stands."""
        if self.ending is not None:
            return
        self.ending = ending
        if ending in (Ending.SLOW, Ending.LOST):
            self.socket.abort()
        if self._deadline is not None and not self._deadline.expired():
            self._deadline.reschedule(0)

    async def emptied(self) -> None:
        """Wait until the client has taken what was written; `in_time` bounds each write."""
        while self._backlog is not None:
            await self._backlog.emptied.wait()

    async def in_time(self, writing: Awaitable[None]) -> None:
        """Wait for one write; raises `ReaderTooSlow`."""
        try:
            async with asyncio.timeout(self._settings.send_timeout):
                await writing
        except TimeoutError:
            raise ReaderTooSlow from None

    async def _flush(self, first: Awaitable[None], backlog: Backlog) -> None:
        try:
            await self.in_time(first)
            while backlog:
                await self.in_time(self.socket.write(backlog.take()))
        except ReaderTooSlow:
            self.end(Ending.SLOW)
        except Exception:  # noqa: BLE001 - as in write
            self.end(Ending.LOST)
        finally:
            self._backlog = None
            backlog.emptied.set()
