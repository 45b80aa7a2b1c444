"""Reading the stream log without asking the store more than it can bear."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from inspect import CORO_CLOSED, getcoroutinestate
from typing import TypeVar
from uuid import UUID

from application.ports.stream_reader import StreamReader
from application.ports.task_supervisor import TaskSupervisor
from application.shared.system_scope import SystemScope
from domain.realtime.stream import LoggedUpdate, StreamHead
from domain.shared.errors import Unavailable

PAGE = 200
MOST_HEADS = 500
# 5,000 who return after a restart do not take the database from the rest.
MOST_REPLAYS = 8
DEADLINE = 10.0
SCOPE = SystemScope(owner="streams")

_Answer = StreamHead | Exception | None
Result = TypeVar("Result")


class LogReads:
    """Heads of all who ask at the same moment are one query; pages are read by a few at a time.

    Raises `Unavailable` when the store does not answer in time, and whatever the reader raises.
    """

    def __init__(self, reader: Callable[[], StreamReader], supervisor: TaskSupervisor) -> None:
        self._reader = reader
        self._supervisor = supervisor
        self._wanted: dict[UUID, asyncio.Future[_Answer]] = {}
        self._asking = False
        self._turns = asyncio.Semaphore(MOST_REPLAYS)

    async def head(self, stream_id: UUID) -> StreamHead | None:
        """Where the stream stands, asked after the call began; None when there is no such stream."""
        waiting = self._wanted.get(stream_id)
        if waiting is None:
            waiting = self._wanted[stream_id] = asyncio.get_running_loop().create_future()
        if not self._asking:
            asking = self._ask()
            self._supervisor.spawn("streams.heads", asking)
            self._asking = getcoroutinestate(asking) != CORO_CLOSED
        answer = await _within_deadline(asyncio.shield(waiting))
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def heads(self, stream_ids: Sequence[UUID]) -> dict[UUID, StreamHead]:
        """At most `MOST_HEADS` at once."""
        return dict(await _within_deadline(self._reader().heads(SCOPE, stream_ids)))

    async def page(self, stream_id: UUID, epoch: int, after: int) -> list[LoggedUpdate]:
        """What follows `after` without a gap; empty when that is not there."""
        page = await _within_deadline(self._reader().read(SCOPE, stream_id, epoch, after, PAGE))
        return page if page and page[0].seq == after + 1 and page[-1].seq == after + len(page) else []

    async def page_in_turn(self, stream_id: UUID, epoch: int, after: int) -> list[LoggedUpdate]:
        """As `page`, after those who asked before: for replays, which come by the thousand."""
        async with self._turns:
            return await self.page(stream_id, epoch, after)

    async def _ask(self) -> None:
        try:
            while self._wanted:
                asked = dict(list(self._wanted.items())[:MOST_HEADS])
                for stream_id in asked:
                    del self._wanted[stream_id]
                await self._answer(asked)
        finally:
            self._asking = False

    async def _answer(self, asked: dict[UUID, asyncio.Future[_Answer]]) -> None:
        try:
            heads = await self.heads(list(asked))
        except Exception as error:  # noqa: BLE001 - it is raised again by everyone who waits
            for waiting in asked.values():
                waiting.set_result(error)
        else:
            for stream_id, waiting in asked.items():
                waiting.set_result(heads.get(stream_id))


async def _within_deadline(reading: Awaitable[Result]) -> Result:
    try:
        async with asyncio.timeout(DEADLINE):
            return await reading
    except TimeoutError as error:
        raise Unavailable("Streams cannot be read now", retry_after=DEADLINE) from error
