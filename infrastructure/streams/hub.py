"""The streams of one process."""

import asyncio
from collections.abc import Callable, Sequence

from application.jobs.background import Background
from application.ports.clock import Clock
from application.ports.jitter import Jitter
from application.ports.log import Log
from application.ports.metrics import Metrics
from application.ports.stream_hints import StreamHint, StreamHints
from application.ports.stream_hub import AccessCheck, ClaimedStream, StreamHub, StreamOpening, StreamSocket
from application.ports.stream_reader import StreamReader
from application.ports.task_supervisor import TaskSupervisor
from domain.realtime.errors import TooManyStreams
from domain.shared.errors import Unavailable
from infrastructure.config.sse import SseSettings
from infrastructure.streams.access_rounds import AccessRounds
from infrastructure.streams.catch_up import HEALTHY_INTERVAL, CatchUp
from infrastructure.streams.connection import Connection, Ending
from infrastructure.streams.heartbeat import BURST, Heartbeat
from infrastructure.streams.local_stream import LocalStream
from infrastructure.streams.log_reads import LogReads
from infrastructure.streams.registry import Registry
from infrastructure.streams.replay import Replay
from infrastructure.streams.serving import ServedStream, Serving

DRAIN_SECONDS = 1.5


class ProcessStreamHub(StreamHub):
    """Owns all state of open streams; the task that serves a connection only waits.

    Hints are written in the turn of whoever publishes them. From `close_all` to the next `start` streams are refused.
    """

    def __init__(  # noqa: PLR0913 - one provider for each port
        self,
        settings: SseSettings,
        *,
        reader: Callable[[], StreamReader],
        hints: Callable[[], StreamHints],
        access: Callable[[], AccessCheck],
        clock: Callable[[], Clock],
        jitter: Callable[[], Jitter],
        metrics: Callable[[], Metrics],
        log: Callable[[], Log],
        supervisor: TaskSupervisor,
        catch_up_interval: float = HEALTHY_INTERVAL,
    ) -> None:
        self._settings = settings
        self._hints = hints
        self._metrics = metrics
        self._supervisor = supervisor
        self._draining = False
        self._loops = Background("streams.hub", self._run_loops, supervisor)
        self._registry = Registry(settings, jitter=jitter, on_reset=self._count_reset)
        self._heartbeat = Heartbeat(settings.ping_interval)
        reads = LogReads(reader, supervisor)
        replay = Replay(reads, retry_ms=settings.retry_interval_ms, jitter=jitter, on_reset=self._count_reset)
        self._catch_up = CatchUp(
            self._registry, reads, jitter=jitter, log=log, supervisor=supervisor, interval=catch_up_interval
        )
        self._serving = Serving(settings, replay, clock=clock, jitter=jitter, log=log, fill=self._catch_up.fill)
        self._access_rounds = AccessRounds(
            self._registry, interval=settings.recheck_interval, access=access, clock=clock, jitter=jitter, log=log
        )

    @property
    def connections(self) -> int:
        """How many are open, with those that are being opened or ended."""
        return len(self._registry)

    async def start(self) -> None:
        """Listen to hints and accept streams."""
        self._draining = False
        self._hints().listen(self.hear)
        self._loops.start()

    async def stop(self) -> None:
        """End every stream, and then what runs for all of them."""
        self.close_all()
        await self._registry.emptied(DRAIN_SECONDS)
        await self._loops.stop()

    async def claim(self, opening: StreamOpening, socket: StreamSocket) -> ClaimedStream:
        if self._draining:
            raise Unavailable("This process is shutting down", retry_after=1)
        connection = Connection(opening.holder, socket, self._settings, self._supervisor)
        stream = self._join(connection)
        try:
            first = await self._serving.prepare(stream, connection, opening)
        except BaseException:
            self._leave(stream, connection)
            raise
        return ServedStream(self._serving, stream, connection, first, self._leave)

    def _join(self, connection: Connection) -> LocalStream:
        try:
            stream = self._registry.join(connection)
        except TooManyStreams:
            self._metrics().increment("stream_connections_refused_total")
            raise
        self._heartbeat.join(connection)
        self._metrics().increment("stream_connections_opened_total")
        self._metrics().gauge("stream_connections", len(self._registry))
        return stream

    def _leave(self, stream: LocalStream, connection: Connection) -> None:
        self._heartbeat.leave(connection)
        self._registry.leave(stream, connection)
        self._metrics().gauge("stream_connections", len(self._registry))
        self._metrics().increment("stream_connections_ended_total", reason=connection.ending or Ending.FAILED)

    def close_all(self) -> None:
        self._draining = True
        for connection in self._registry:
            connection.end(Ending.DRAINED)

    async def hear(self, hints: Sequence[StreamHint] | None) -> None:
        """What hints carry is written when this returns; what they do not is read from the log afterwards."""
        if hints is None:
            self._catch_up.ask()
            return
        total = burst = 0
        for hint in hints:
            written = self._hear(hint)
            total, burst = total + written, burst + written
            if burst >= BURST:
                burst = 0
                await asyncio.sleep(0)
        if total:
            self._metrics().increment("stream_events_written_total", total)

    def _hear(self, hint: StreamHint) -> int:
        stream = self._registry.stream(hint.stream_id)
        if stream is None:
            return 0
        written = stream.hear(hint)
        if not stream.level:
            self._catch_up.fill(stream)
        return written

    async def _run_loops(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._heartbeat.run())
            group.create_task(self._catch_up.run())
            group.create_task(self._access_rounds.run())

    def _count_reset(self) -> None:
        self._metrics().increment("stream_resets_total")
