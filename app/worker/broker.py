"""A broker that brings the worker along, for Taskiq's own command."""

import asyncio
from collections.abc import Coroutine
from contextlib import AsyncExitStack, suppress
from typing import Any

from taskiq import AsyncBroker, InMemoryBroker, TaskiqEvents, TaskiqState

from app.bootstrap.lifespan import running
from app.bootstrap.signals import before_shutdown
from app.worker.main import STOP_TIMEOUT, WorkerContainer


def worker_broker(container: WorkerContainer, *, stop_timeout: float = STOP_TIMEOUT) -> AsyncBroker:
    """The container's broker; a Taskiq worker that runs it starts the container's worker with itself.

    It ends within `stop_timeout`, whatever `--shutdown-timeout` says: Taskiq's own five seconds are less than the sends
    in flight may need.

    Raises SystemExit for the memory driver, which has nothing to listen to.
    """
    broker = container.task_broker()
    if isinstance(broker, InMemoryBroker):
        raise SystemExit("QUEUE_DRIVER=memory reaches its own process only: choose another, or `python -m app worker`.")
    life = AsyncExitStack()

    async def start(_: TaskiqState) -> None:
        # Taskiq waits for running tasks before it shuts down: they end when nothing more is claimed.
        life.enter_context(before_shutdown(container.worker().stop_claiming))
        await life.enter_async_context(
            running(container.worker_lifecycle(), log=container.log(), stop_timeout=stop_timeout)
        )

    async def stop(_: TaskiqState) -> None:
        await _to_the_end(life.aclose())

    broker.add_event_handler(TaskiqEvents.WORKER_STARTUP, start)
    broker.add_event_handler(TaskiqEvents.WORKER_SHUTDOWN, stop)
    return broker


async def _to_the_end(work: Coroutine[Any, Any, None]) -> None:
    """Wait until it is done, however often the caller is cancelled meanwhile: it has a deadline of its own."""
    running = asyncio.gather(work)
    while not running.done():
        with suppress(asyncio.CancelledError):
            await asyncio.shield(running)
    running.result()
