"""A hub with everything around it in memory."""

import asyncio
from collections.abc import Collection, Coroutine
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from application.ports.stream_hub import StreamHolder, StreamOpening, StreamSocket
from domain.identity.principal import Principal, PrincipalKind
from domain.realtime.cursor import Cursor
from infrastructure.config.sse import SseSettings
from infrastructure.memory.fixed_clock import FixedClock
from infrastructure.memory.fixed_jitter import NoJitter
from infrastructure.observability.memory_log import MemoryLog
from infrastructure.observability.memory_metrics import MemoryMetrics
from infrastructure.streams.hub import ProcessStreamHub
from infrastructure.streams.memory_hints import HintBus, MemoryHints
from infrastructure.system.task_supervisor import AsyncioTaskSupervisor
from tests.unit.streams.event_text import Event, EventParser
from tests.unit.streams.memory_log import LoggedStream, MemoryStreamLog

ANN = UUID(int=1)
BOB = UUID(int=2)


def holder(stream_id: UUID = ANN, expires_at: datetime | None = None) -> StreamHolder:
    principal = Principal(
        kind=PrincipalKind.SUBSCRIBER, tenant_id="default", id=f"u{stream_id.int}", expires_at=expires_at
    )
    return StreamHolder(stream_id=stream_id, principal=principal)


class MemorySocket(StreamSocket):
    """A client that reads all at once, unless it is `full`."""

    def __init__(self) -> None:
        self.parser = EventParser()
        self.started = self.finished = self.aborted = False
        self.writes = 0
        self.broken = False
        self.room = asyncio.Event()
        self.room.set()
        self.closed = asyncio.Event()

    @property
    def events(self) -> list[Event]:
        return self.parser.events

    @property
    def places(self) -> list[str]:
        """The ids of logged updates, in order."""
        return [event.last_id for event in self.events if event.name.startswith("notification")]

    def names(self) -> list[str]:
        return [event.name for event in self.events]

    async def start(self) -> None:
        self.started = True

    def write(self, chunk: bytes) -> Coroutine[Any, Any, None]:
        return self._write(chunk)

    async def _write(self, chunk: bytes) -> None:
        if self.broken:
            raise ConnectionResetError
        await self.room.wait()
        assert self.started
        assert not self.finished
        if not self.closed.is_set():
            self.writes += 1
            self.parser.feed(chunk)

    async def finish(self) -> None:
        await self.room.wait()
        self.finished = True

    async def gone(self) -> None:
        await self.closed.wait()

    def abort(self) -> None:
        self.aborted = True
        self.closed.set()
        self.room.set()


class World:
    """Use as `async with World() as world`."""

    def __init__(self, settings: SseSettings | None = None, *, catch_up_interval: float = 3600) -> None:
        self.log = MemoryStreamLog()
        self.log.streams = {ANN: LoggedStream(), BOB: LoggedStream()}
        self.clock = FixedClock(datetime(2026, 11, 20, tzinfo=UTC))
        self.lines = MemoryLog()
        self.metrics = MemoryMetrics()
        self.supervisor = AsyncioTaskSupervisor()
        self.hints = MemoryHints(HintBus(lambda: self.lines))
        self.refused: set[UUID] = set()
        self.hub = ProcessStreamHub(
            settings or SseSettings(),
            reader=lambda: self.log,
            hints=lambda: self.hints,
            access=lambda: self._access,
            clock=lambda: self.clock,
            jitter=NoJitter,
            metrics=lambda: self.metrics,
            log=lambda: self.lines,
            supervisor=self.supervisor,
            catch_up_interval=catch_up_interval,
        )
        self.tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> "World":
        await self.hub.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.hub.stop()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        await self.supervisor.drain(1)

    async def _access(self, holders: Collection[StreamHolder]) -> Collection[StreamHolder]:
        return [each for each in holders if each.stream_id in self.refused]

    def connect(
        self,
        stream_id: UUID = ANN,
        position: str | None = None,
        *,
        expires_at: datetime | None = None,
        socket: MemorySocket | None = None,
    ) -> MemorySocket:
        """Begin to serve a client; `settle` lets it come to rest."""
        socket = socket or MemorySocket()
        opening = StreamOpening(
            holder=holder(stream_id, expires_at),
            resuming=position is not None,
            cursor=Cursor.parse(position) if position is not None else None,
        )
        self.tasks.append(asyncio.create_task(self._serve(opening, socket)))
        return socket

    async def _serve(self, opening: StreamOpening, socket: MemorySocket) -> None:
        stream = await self.hub.claim(opening, socket)
        await stream.run()

    async def open(self, stream_id: UUID = ANN, position: str | None = None) -> MemorySocket:
        """A client whose stream is live."""
        socket = self.connect(stream_id, position)
        await until(lambda: "unread_count_changed" in socket.names())
        return socket

    async def publish(self, stream_id: UUID = ANN, text: str = "") -> None:
        await self.hints.publish([self.log.commit(stream_id, text)])


async def first_page(socket: MemorySocket) -> None:
    """In the very turn in which the first page of a replay was written."""
    while not socket.places:  # noqa: ASYNC110 - a longer pause would miss it
        await asyncio.sleep(0)


async def until(condition: Any, seconds: float = 5) -> None:  # Any: a function without arguments, true in the end
    """Poll; a condition that stays false fails the test."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - conditions of all kinds
            await asyncio.sleep(0.001)


def places(first: int, last: int, epoch: int = 1_000) -> list[str]:
    return [f"{epoch}-{seq}" for seq in range(first, last + 1)]
