"""One process's end of the stream hints that go by Redis."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from infrastructure.observability.memory_log import MemoryLog
from infrastructure.observability.memory_metrics import MemoryMetrics
from infrastructure.streams.memory_hints import HintBus
from infrastructure.streams.redis_hints import HintChannel, RedisHints
from infrastructure.system.process_scope import process_scope
from infrastructure.system.redis import RedisLink
from infrastructure.system.task_supervisor import AsyncioTaskSupervisor


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """What the process has, and what it said."""

    hints: RedisHints
    channel: HintChannel
    metrics: MemoryMetrics
    log: MemoryLog

    async def hears(self, seconds: float = 10) -> None:
        """Wait until it hears the others."""
        async with asyncio.timeout(seconds):
            await self.channel.hearing.wait()


@asynccontextmanager
async def redis_end(url: str, prefix: str = "app", *, hears: bool = True) -> AsyncIterator[End]:
    """Started and, unless there is nothing to hear, listening."""
    log, metrics, supervisor = MemoryLog(), MemoryMetrics(), AsyncioTaskSupervisor(cancel_grace=0.5)
    bus = HintBus(lambda: log)
    channel = HintChannel(
        RedisLink(url, supervisor=supervisor),
        prefix,
        process_scope().owner,
        bus,
        metrics=lambda: metrics,
        log=lambda: log,
        supervisor=supervisor,
    )
    end = End(hints=RedisHints(bus, channel), channel=channel, metrics=metrics, log=log)
    await channel.start()
    try:
        if hears:
            await end.hears()
        yield end
    finally:
        await channel.stop()
        await supervisor.drain(1)
