"""What one delivery costs when a topic is ten times as large, and when the table is full of finished ones.

From the POST to the last delivery recorded, over e-mail that is accepted at once. There is no peer but ourselves.
"""

import argparse
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from statistics import fmean

import asyncpg

from tests.bench.carillon import INSTANT, MORE_SLOTS, Backend, Carillon
from tests.bench.draining import drained
from tests.bench.rounds import Contestant, Figures, take_turns, verdict
from tests.bench.rows import add_members, copy_deliveries, copy_subscribers
from tests.bench.running import arguments, run
from tests.bench.stage import Program, Stage

SMALL = 1_000
# Two runs of a thousand differ more from each other than what is looked for.
REPEATS = 10
PATTERN = "first"
CONTENT = {"title": "Parcel 42 is on its way", "body": "It will be with you between 9 and 11 o'clock."}
SENT = "SELECT count(*) FROM deliveries WHERE notification_id = $1 AND status = 'sent'"
COLUMNS = {"per second": "{:,.0f}", "CPU ms each": "{:.3f}", "API MB": "{:.1f}", "worker MB": "{:.1f}"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """A server and a worker over one database."""

    server: Program
    worker: Program
    backend: Backend
    connection: asyncpg.Connection

    async def notify_small(self) -> Figures:
        """Several notifications to the small topic, one after the other: the means of their figures."""
        runs = [await self.notify_topic(SMALL) for _ in range(REPEATS)]
        return {name: fmean(figures[name] for figures in runs) for name in runs[0]}

    async def notify_topic(self, size: int) -> Figures:
        """One notification to the topic of that size, until it is all sent."""
        notification_id = await self.notify({"topic": topic_of(size)})

        async def done() -> int:
            return int(await self.connection.fetchval(SENT, notification_id))

        figures = await drained((self.server, self.worker), size, done)
        memory = {"API MB": self.server.rss_kb() / 1_024, "worker MB": self.worker.rss_kb() / 1_024}
        return {**figures, **memory}

    async def notify(self, recipient: Mapping[str, str] | str) -> str:
        """The id of the notification."""
        body = {"to": [recipient], "channels": ["email"], "content": CONTENT}
        return str((await self.backend.post("/notifications", body))["id"])


def topic_of(size: int) -> str:
    return f"topic-{size}"


async def _install(stage: Stage, stack: AsyncExitStack, sizes: tuple[int, ...], finished: int) -> Installation:
    url = await stage.database()
    carillon = Carillon(stage, {"DATABASE_URL": url, "REDIS_URL": await stage.redis(), "QUEUE_DRIVER": "redis"})
    server, worker = await carillon.start("serve"), await carillon.start("worker", MORE_SLOTS, module=INSTANT)
    backend = await stack.enter_async_context(Backend(carillon.port))
    connection = await asyncpg.connect(url)
    stack.push_async_callback(connection.close)
    await backend.subscribers([PATTERN])
    await copy_subscribers(connection, PATTERN, max(sizes))
    for size in sizes:
        await backend.topic(topic_of(size), [])
        await add_members(connection, topic_of(size), size)
    installation = Installation(server=server, worker=worker, backend=backend, connection=connection)
    await _age(installation, finished)
    return installation


async def _age(installation: Installation, finished: int) -> None:
    """What it does for the first time is done, and so many deliveries are over."""
    notification_id = await installation.notify(PATTERN)

    async def done() -> int:
        return int(await installation.connection.fetchval(SENT, notification_id))

    await drained((installation.worker,), 1, done)
    if finished:
        await copy_deliveries(installation.connection, notification_id, finished)


async def main(chosen: argparse.Namespace) -> None:
    """All sizes in turn, then the medians."""
    large = 100_000 if chosen.full else chosen.large
    finished = 10_000_000 if chosen.full else chosen.finished
    few, many, aged = f"{SMALL:,} recipients", f"{large:,} recipients", f"{SMALL:,}, beside {finished:,} finished"
    async with Stage() as stage, AsyncExitStack() as stack:
        young = await _install(stage, stack, (SMALL, large), 0)
        old = await _install(stage, stack, (SMALL,), finished)
        turns: dict[str, Contestant] = {
            few: young.notify_small,
            many: lambda: young.notify_topic(large),
            aged: old.notify_small,
        }
        results = await take_turns(turns, chosen.rounds)
    print(f"e-mail to one topic, medians of {chosen.rounds} rounds; of the smaller ones {REPEATS} in a row")
    print(results.table(COLUMNS))
    for other in (many, aged):
        print(verdict(f"{other}: CPU of each", results.ratio(other, few, "CPU ms each"), at_most=1.3))
        print(verdict(f"{other}: time of each", results.ratio(few, other, "per second"), at_most=1.3))
    for memory in ("API MB", "worker MB"):
        print(verdict(f"{many}: {memory}", results.ratio(many, few, memory), at_most=1.3))


if __name__ == "__main__":
    parser = arguments(__doc__, rounds=3)
    parser.add_argument("--large", type=int, default=10_000, help="the larger topic (10,000; with --full 100,000)")
    parser.add_argument("--finished", type=int, default=100_000, help="finished ones (100,000; with --full 10 million)")
    run(main, parser)
