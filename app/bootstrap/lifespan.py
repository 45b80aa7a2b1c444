"""Starting and stopping the parts of a process, in order."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from time import monotonic
from typing import Protocol

from application.ports.log import Log

# What closing takes that waits for nobody: a file, a pool, a socket.
LAST_MOMENT = 0.5


class Startable(Protocol):
    """A part that has to be started and stopped."""

    async def start(self) -> None: ...

    async def stop(self) -> None: ...


@asynccontextmanager
async def running(parts: Sequence[Startable], *, log: Log, stop_timeout: float) -> AsyncIterator[None]:
    """Start the parts in their order, and stop them in the reverse one, within `stop_timeout` seconds for all of them.

    When one does not start, those before it are stopped again. A part that does not stop in time is left behind, so
    that the parts it stands on are still closed; each of those has a last moment of its own.
    """
    started: list[Startable] = []
    try:
        for part in parts:
            await part.start()
            started.append(part)
        yield
    finally:
        deadline = monotonic() + stop_timeout
        for part in reversed(started):
            await _stopped(part, log, max(deadline - monotonic(), LAST_MOMENT))


async def _stopped(part: Startable, log: Log, timeout: float) -> None:
    try:
        async with asyncio.timeout(timeout):
            await part.stop()
    except Exception as error:
        log.exception("lifecycle.stop_failed", error, part=type(part).__name__)
