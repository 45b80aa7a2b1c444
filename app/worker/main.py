"""The worker process."""

import asyncio
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from taskiq import AsyncBroker

from app.bootstrap.lifespan import Startable, running
from application.jobs.worker import Worker
from application.ports.log import Log

STOP_TIMEOUT = 10.0


class WorkerContainer(Protocol):
    """What a worker process takes from the container.

    `worker_lifecycle` is what it starts, in order: state first (supervisor, engines, hints), then the worker and the
    loops beside it. `wake_listener` stands apart, since under `taskiq worker` Taskiq itself listens to `task_broker`.
    """

    def worker_lifecycle(self) -> Sequence[Startable]: ...

    def wake_listener(self) -> Startable: ...

    def worker(self) -> Worker: ...

    def task_broker(self) -> AsyncBroker: ...

    def log(self) -> Log: ...


async def run_worker(
    container: WorkerContainer,
    *,
    stop_timeout: float = STOP_TIMEOUT,
    ready: Callable[[], object] = lambda: None,
    beside: Sequence[Startable] = (),
) -> None:
    """Work until SIGTERM or SIGINT, then end in order; a second signal ends at once. `ready` is called in between.

    What is `beside` the worker starts after it, and ends before it.
    """
    with told_to_end(container.worker().stop_claiming) as told:
        parts = [*container.worker_lifecycle(), container.wake_listener(), *beside]
        async with running(parts, log=container.log(), stop_timeout=stop_timeout):
            ready()
            await told.wait()


@contextmanager
def told_to_end(first: Callable[[], None] = lambda: None) -> Iterator[asyncio.Event]:
    """Set when the process is told to end, after `first` was called; the next signal does what it would have done."""
    loop, told = asyncio.get_running_loop(), asyncio.Event()
    numbers = (signal.SIGTERM, signal.SIGINT)

    def end() -> None:
        first()
        told.set()
        for number in numbers:
            loop.remove_signal_handler(number)

    for number in numbers:
        loop.add_signal_handler(number, end)
    try:
        yield told
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)
