"""What every fault test stands on: a server, a world outside, a producer, and a look at the store."""

import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.processes import eventually
from tests.faults.chaos import Chaos
from tests.faults.crash_points import Trap
from tests.faults.facts import Facts, Frame
from tests.faults.producer import Producer
from tests.faults.sink import Sink
from tests.faults.store import Store

CHANNELS = ("in_app", "email", "webhook")
# WORKER_SLOTS_EMAIL and WORKER_SLOTS_WEBHOOK by default: what one worker has in flight at most.
SLOTS = 20 + 50
# Short, so that what a dead worker held is taken over while the test waits; on a busy machine a worker that lives must
# not lose its own.
LEASE_SECONDS = 2.0
QUICK = {"WORKER_LEASE": f"{LEASE_SECONDS:g}s", "WORKER_SWEEP": "200ms"}
WITH_FAULTS = "tests.faults.crashing_app"


@dataclass(slots=True, kw_only=True)
class Scene:
    """An installation of which nothing runs yet; `kills` is how many workers were killed."""

    folder: Path
    chaos: Chaos
    sink: Sink
    producer: Producer
    store: Store
    lease_seconds: float
    subscribers: Sequence[str] = ()
    kills: int = 0

    @property
    def trap(self) -> Trap:
        """For the parts that were started with the arguments `trapped`."""
        return Trap(self.folder / "trap")

    @property
    def trapped(self) -> tuple[str, str]:
        """Arguments of a part with faults."""
        return "--trap", str(self.folder / "trap")

    async def prepare(self, subscribers: int) -> None:
        """Once a server is ready: watch the store, and make subscribers that every channel of CHANNELS reaches."""
        await self.store.watch()
        self.subscribers = [f"u{number}" for number in range(subscribers)]
        await self.producer.subscribers(self.subscribers, self.sink.url)

    async def notify(self, number: int, *, name: str = "post", title: str = "Fault", repeats: int = 0) -> None:
        """One notification to one subscriber over every channel."""
        reader = self.subscribers[number % len(self.subscribers)]
        await self.producer.notify(f"{name}-{number}", [reader], CHANNELS, title=title, repeats=repeats)

    async def all_final(self, seconds: float) -> float:
        """Wait until nothing is left to do; after how many seconds."""
        began = time.monotonic()
        await eventually(self.store.unfinished, lambda left: left == 0, seconds)
        return time.monotonic() - began

    async def all_relayed(self, seconds: float) -> None:
        """Wait until the relay has nothing left to do: if it was killed, for its lease too."""
        await eventually(self.store.unrelayed, lambda left: left == 0, seconds)

    async def acted(self) -> int:
        """How often the world outside was changed."""
        return len(self.sink.effects())

    async def facts(self, received: Mapping[str, Sequence[Frame]] | None = None) -> Facts:
        """All that is known now."""
        return await self.store.collect(
            posts=self.producer.posts,
            effects=self.sink.effects(),
            received=received or {},
            kills=self.kills,
            slots=SLOTS,
            lease_seconds=self.lease_seconds,
        )


@asynccontextmanager
async def scene(
    folder: Path, environment: Mapping[str, str] = QUICK, *, lease_seconds: float = LEASE_SECONDS
) -> AsyncIterator[Scene]:
    """An installation whose mail and webhooks end in a sink. Leaving it ends all of it."""
    async with AsyncExitStack() as stack:
        sink = await stack.enter_async_context(Sink(folder / "effects.jsonl"))
        mail = {"MAIL_DRIVER": "smtp", "SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(sink.smtp_port)}
        chaos = await stack.enter_async_context(Chaos(folder, {**mail, **environment}))
        producer = await stack.enter_async_context(Producer(chaos.base_url))
        store = await stack.enter_async_context(Store(chaos.database_url))
        yield Scene(folder=folder, chaos=chaos, sink=sink, producer=producer, store=store, lease_seconds=lease_seconds)
