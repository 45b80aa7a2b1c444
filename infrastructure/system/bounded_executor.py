"""Threads for work that would block the event loop."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import BoundedSemaphore
from typing import Final, ParamSpec, TypeVar

from domain.shared.errors import Unavailable

P = ParamSpec("P")
R = TypeVar("R")
_RETRY_AFTER_SECONDS: Final = 1.0


class Overloaded(Unavailable):
    """Too much work is waiting"""

    code = "system.overloaded"


class BoundedExecutor:
    """At most `threads` pieces of work run and `waiting` wait; what comes then is refused, not queued.

    Threads are made when first needed, and again after `stop`. Use one executor per kind of work, so that a flood of
    one does not starve another.
    """

    def __init__(self, name: str, *, threads: int, waiting: int) -> None:
        self._name = name
        self._threads = threads
        self._places = BoundedSemaphore(threads + waiting)
        self._pool: ThreadPoolExecutor | None = None

    async def run(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """The result of `work`, called in a thread; raises `Overloaded` at once when every place is taken.

        When the caller is cancelled, work that waits is dropped; work that runs ends and keeps its place until then.
        """
        if not self._places.acquire(blocking=False):
            raise Overloaded(retry_after=_RETRY_AFTER_SECONDS)
        try:
            future = self._started_pool().submit(work, *args, **kwargs)
        except BaseException:
            self._places.release()
            raise
        future.add_done_callback(lambda _: self._places.release())
        return await asyncio.wrap_future(future)

    async def start(self) -> None:
        """Nothing: threads are made when there is work for them."""

    async def stop(self) -> None:
        """Wait for what was accepted, and let the threads go."""
        pool, self._pool = self._pool, None
        if pool is not None:
            await asyncio.to_thread(pool.shutdown)

    def _started_pool(self) -> ThreadPoolExecutor:
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix=self._name)
        return self._pool
