"""Templates rendered in a thread of this process: for tests, and where tenants are trusted not to be hostile."""

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import BoundedSemaphore
from typing import Final, TypeVar

from application.ports.templates import Rendered, RenderJob, RenderProblem, Templates, TemplateSource
from infrastructure.system.bounded_executor import Overloaded
from infrastructure.templates.checking import Checker
from infrastructure.templates.engine import Engine

T = TypeVar("T")
# The libraries behind MJML and styles recurse into elements: so deep as the longest source can nest them.
_STACK: Final = 256 * 1024 * 1024
_RETRY_AFTER: Final = 1.0


class InProcessTemplates(Templates):
    """One thread with one engine; `waiting` calls may wait.

    Steps, loops, sizes and nesting are bounded as everywhere, and CPU between two steps. What one call of a library
    takes is not, and neither is memory: nothing can be killed here.
    """

    def __init__(self, *, waiting: int = 256) -> None:
        self._places = BoundedSemaphore(waiting)
        self._engine: Engine | None = None
        self._thread: ThreadPoolExecutor | None = None

    async def check(self, source: TemplateSource) -> Sequence[RenderProblem]:
        return await self._in_thread(lambda engine: Checker(engine, source).problems())

    async def render(self, job: RenderJob) -> Rendered | RenderProblem:
        return await self._in_thread(lambda engine: engine.render(job))

    async def render_many(self, jobs: Sequence[RenderJob]) -> Sequence[Rendered | RenderProblem]:
        return await self._in_thread(lambda engine: [engine.render(job) for job in jobs])

    async def start(self) -> None:
        """Nothing: the thread is made when there is work for it."""

    async def stop(self) -> None:
        """Wait for what was accepted, and let the thread go."""
        thread, self._thread = self._thread, None
        if thread is not None:
            await asyncio.to_thread(thread.shutdown)

    async def _in_thread(self, work: Callable[[Engine], T]) -> T:
        if not self._places.acquire(blocking=False):
            raise Overloaded(retry_after=_RETRY_AFTER)
        try:
            future = self._started().submit(self._run, work)
        except BaseException:
            self._places.release()
            raise
        future.add_done_callback(lambda _: self._places.release())
        return await asyncio.wrap_future(future)

    def _run(self, work: Callable[[Engine], T]) -> T:
        if self._engine is None:
            self._engine = Engine()
        return work(self._engine)

    def _started(self) -> ThreadPoolExecutor:
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="templates")
            with _deep_stack():
                self._thread.submit(int)  # Makes the thread while the size of new stacks is ours.
        return self._thread


@contextmanager
def _deep_stack() -> Iterator[None]:
    before = threading.stack_size(_STACK)
    try:
        yield
    finally:
        threading.stack_size(before)
