"""Hints that wait to be published to other processes."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from inspect import CORO_CLOSED, getcoroutinestate

from application.ports.metrics import Metrics
from application.ports.stream_hints import StreamHint
from application.ports.task_supervisor import TaskSupervisor

Publish = Callable[[Sequence[StreamHint] | None], Awaitable[None]]

MOST_HINTS = 5_000
MOST_BYTES = 8_388_608
AT_ONCE = 100
BYTES_AT_ONCE = 262_144
RETRY_SECONDS = 0.5
CLOSE_SECONDS = 0.2


class HintOutbox:
    """Publishes in the order of posting, in batches, and never holds up who posts.

    What cannot be published, and what is too much to wait, is dropped and counted; the first that gets through after it
    is "look".
    """

    def __init__(self, publish: Publish, *, metrics: Callable[[], Metrics], supervisor: TaskSupervisor) -> None:
        self._publish = publish
        self._metrics = metrics
        self._supervisor = supervisor
        self._waiting: list[StreamHint] = []
        self._bytes = 0
        self._look = False
        self._idle = asyncio.Event()
        self._idle.set()
        self._closed = asyncio.Event()

    def open(self) -> None:
        """Take hints, also again after `close`."""
        self._closed.clear()

    async def close(self) -> None:
        """Take no more, and give what waits a moment."""
        self._closed.set()
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._idle.wait()
        except TimeoutError:
            pass

    def post(self, hints: Sequence[StreamHint]) -> None:
        """Publish them soon."""
        if self._closed.is_set():
            self._count(len(hints))
            return
        self._waiting += hints
        self._bytes += sum(_size(hint) for hint in hints)
        if len(self._waiting) > MOST_HINTS or self._bytes > MOST_BYTES:
            self._drop(0)
        if self._idle.is_set():
            self._idle.clear()
            sending = self._send_all()
            self._supervisor.spawn("streams.outbox", sending)
            if getcoroutinestate(sending) == CORO_CLOSED:
                self._idle.set()

    async def _send_all(self) -> None:
        try:
            while self._look or self._waiting:
                if not await self._send(None if self._look else self._batch()):
                    if self._closed.is_set():
                        return
                    await self._rest()
        finally:
            self._idle.set()

    async def _send(self, batch: Sequence[StreamHint] | None) -> bool:
        self._look = False
        try:
            await self._publish(batch)
        except Exception:  # noqa: BLE001 - whatever it was: the others read the log instead
            self._drop(len(batch or ()))
            return False
        return True

    def _batch(self) -> Sequence[StreamHint]:
        """The next ones, one at least."""
        count = size = 0
        for hint in self._waiting[:AT_ONCE]:
            size += _size(hint)
            if count and size > BYTES_AT_ONCE:
                break
            count += 1
        batch, self._waiting = self._waiting[:count], self._waiting[count:]
        self._bytes -= sum(_size(hint) for hint in batch)
        return batch

    def _drop(self, more: int) -> None:
        """Everything that waits, and `more` that did: one look finds it all."""
        self._count(len(self._waiting) + more)
        self._waiting, self._bytes, self._look = [], 0, True

    def _count(self, hints: int) -> None:
        if hints:
            self._metrics().increment("stream_hints_lost_total", hints)

    async def _rest(self) -> None:
        try:
            async with asyncio.timeout(RETRY_SECONDS):
                await self._closed.wait()
        except TimeoutError:
            pass


def _size(hint: StreamHint) -> int:
    return len(hint.data or b"")
