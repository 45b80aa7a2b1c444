"""Two installations that share a folder are told apart by QUEUE_PREFIX."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from app.bootstrap.container import build_container
from application.jobs.wake_bus import Sleeper
from container import Container
from tests.integration.container.built import settings_of

QUEUES = ("default", "reports")


@dataclass(eq=False)
class Woken(Sleeper):
    """Notes which queue it was woken for, in a list that several share."""

    queue: str
    seen: list[str]
    came: asyncio.Event = field(default_factory=asyncio.Event)

    def wake(self) -> None:
        self.seen.append(self.queue)
        self.came.set()

    async def drained(self) -> None:
        """At once."""


@dataclass
class Process:
    """The queue's part of a process that listens."""

    container: Container
    sleepers: dict[str, Woken]
    seen: list[str]

    async def send(self, queue: str) -> None:
        await self.container.wake_ups().send([queue])

    async def hears(self, sender: "Process", queue: str) -> None:
        """Send until it is heard here: what was sent before it listened is for the sweep."""
        came = self.sleepers[queue].came
        async with asyncio.timeout(20):
            while not came.is_set():
                await sender.send(queue)
                with suppress(TimeoutError):
                    await asyncio.wait_for(came.wait(), 0.2)


Start = Callable[[str], AbstractAsyncContextManager[Process]]


@pytest.fixture
def start(tmp_path: Path) -> Start:
    @asynccontextmanager
    async def process(prefix: str) -> AsyncIterator[Process]:
        container = build_container(
            settings_of(tmp_path, QUEUE_DRIVER="file", QUEUE_PREFIX=prefix, JOBS_DIR=str(tmp_path / "jobs"))
        )
        seen: list[str] = []
        sleepers = {queue: Woken(queue, seen) for queue in QUEUES}
        for queue, sleeper in sleepers.items():
            container.wake_bus().listen(queue, sleeper)
        await container.wake_listener().start()
        try:
            yield Process(container, sleepers, seen)
        finally:
            await container.wake_listener().stop()

    return process


async def test_wake_ups_do_not_meet_when_two_prefixes_share_a_folder(start: Start, tmp_path: Path) -> None:
    async with start("blue") as blue, start("blue") as twin, start("green") as green, start("green") as other:
        await twin.hears(blue, "default")
        # Whoever has heard of a later one has not overheard the earlier one: it looks at its queues in their order.
        await other.hears(green, "reports")

    assert (set(twin.seen), set(other.seen)) == ({"default"}, {"reports"})
    assert {file.name for file in (tmp_path / "jobs").iterdir()} == {"blue.default", "green.reports"}
