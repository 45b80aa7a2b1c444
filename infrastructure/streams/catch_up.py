"""Finding in the log what hints did not bring."""

import asyncio
from collections.abc import Callable
from itertools import islice
from uuid import UUID

from application.ports.jitter import Jitter
from application.ports.log import Log
from application.ports.task_supervisor import TaskSupervisor
from infrastructure.streams.connection import Ending
from infrastructure.streams.local_stream import LocalStream
from infrastructure.streams.log_reads import MOST_HEADS, LogReads
from infrastructure.streams.registry import Registry

HEALTHY_INTERVAL = 30.0
RETRY_INTERVAL = 2.0
MOST_FILLERS = 4
# How often the log is asked for what a hint has promised, before the next round looks again.
TRIES = 3
BETWEEN_TRIES = 0.05
# How long one slow connection may hold up the others of its stream, before it is left to its backlog.
PATIENCE = 10.0


class CatchUp:
    """Looks at all open streams when it is asked to and from time to time; fills gaps stream by stream.

    However often it is asked, one look runs and one waits, and it rests as long as it has worked.
    """

    def __init__(
        self,
        registry: Registry,
        reads: LogReads,
        *,
        jitter: Callable[[], Jitter],
        log: Callable[[], Log],
        supervisor: TaskSupervisor,
        interval: float = HEALTHY_INTERVAL,
    ) -> None:
        self._registry = registry
        self._reads = reads
        self._jitter = jitter
        self._log = log
        self._supervisor = supervisor
        self._interval = interval
        self._asked = asyncio.Event()
        self._retry: asyncio.TimerHandle | None = None
        self._behind: dict[UUID, LocalStream] = {}
        self._fillers = 0

    def ask(self) -> None:
        """Look at every open stream soon."""
        self._asked.set()

    def fill(self, stream: LocalStream) -> None:
        """Bring the stream's live connections up to its place."""
        if not stream.filling and stream.id not in self._behind:
            self._behind[stream.id] = stream
            if self._fillers < MOST_FILLERS:
                self._supervisor.spawn("streams.fill", self._fill_all())

    async def run(self) -> None:
        """Until cancelled."""
        loop = asyncio.get_running_loop()
        try:
            while True:
                await self._wait()
                started = loop.time()
                await self._look_at_all()
                await asyncio.sleep(loop.time() - started)
        finally:
            if self._retry is not None:
                self._retry.cancel()
                self._retry = None

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(self._jitter().spread(self._interval, 0.2)):
                await self._asked.wait()
        except TimeoutError:
            pass

    def _ask_later(self) -> None:
        if self._retry is None:
            self._retry = asyncio.get_running_loop().call_later(RETRY_INTERVAL, self._ask_now)

    def _ask_now(self) -> None:
        self._retry = None
        self.ask()

    async def _look_at_all(self) -> None:
        self._asked.clear()
        stream_ids = iter(self._registry.stream_ids)
        try:
            while chunk := list(islice(stream_ids, MOST_HEADS)):
                await self._look_at(chunk)
        except Exception as error:  # noqa: BLE001 - the loop must go on: the log is still there
            self._ask_later()
            self._log().exception("streams.catch_up_failed", error)

    async def _look_at(self, stream_ids: list[UUID]) -> None:
        heads = await self._reads.heads(stream_ids)
        for stream_id in stream_ids:
            stream = self._registry.stream(stream_id)
            if stream is None or stream.epoch is None:
                continue
            if (head := heads.get(stream_id)) is None:
                stream.end(Ending.DELETED)
            else:
                stream.settle(head)
                if not stream.level:
                    self.fill(stream)

    async def _fill_all(self) -> None:
        if self._fillers >= MOST_FILLERS:
            return
        self._fillers += 1
        try:
            while self._behind:
                stream = self._behind.pop(next(iter(self._behind)))
                await self._fill(stream)
        finally:
            self._fillers -= 1

    async def _fill(self, stream: LocalStream) -> None:
        stream.filling = True
        try:
            tries = 0
            while tries < TRIES and not await self._is_level(stream):
                tries = 0 if await self._next_page(stream) else tries + 1
            if not stream.level:
                self._ask_later()
        except Exception as error:  # noqa: BLE001 - the next round tries again
            self._ask_later()
            self._log().exception("streams.fill_failed", error)
        finally:
            stream.filling = False
            stream.tell()

    async def _is_level(self, stream: LocalStream) -> bool:
        if stream.doubted:
            stream.doubted = False
            await self._ask_head(stream)
        if stream.lowest >= stream.seq:
            stream.behind = False
        return stream.level

    async def _next_page(self, stream: LocalStream) -> bool:
        """Deliver one page; False when the log had none to follow on."""
        epoch, after = stream.epoch, stream.lowest
        if stream.doubted or epoch is None:
            return False
        page = await self._reads.page(stream.id, epoch, after)
        stream.deliver(epoch, page)
        if page:
            await self._let_readers_take(stream)
            return True
        await self._ask_head(stream)
        if stream.lowest < stream.seq:
            await asyncio.sleep(BETWEEN_TRIES)
        return False

    async def _let_readers_take(self, stream: LocalStream) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                for connection in tuple(stream.live):
                    await connection.emptied()
        except TimeoutError:
            pass

    async def _ask_head(self, stream: LocalStream) -> None:
        head = await self._reads.head(stream.id)
        if head is None:
            stream.end(Ending.DELETED)
        else:
            stream.settle(head)
