"""Deliveries per second of one worker process, recorded with their attempts, when the provider takes no time.

Beside a bare Taskiq worker on Redis streams whose tasks do nothing and record nothing.
"""

import argparse
import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import asyncpg
from redis.asyncio import Redis
from taskiq import AsyncTaskiqDecoratedTask

from tests.bench.carillon import INSTANT, MORE_SLOTS, Backend, Carillon
from tests.bench.draining import drained
from tests.bench.http_connection import LoadFailed
from tests.bench.peers import taskiq_noop
from tests.bench.rounds import Contestant, Figures, take_turns, verdict
from tests.bench.running import arguments, run
from tests.bench.stage import LOAD_CORE, Stage
from tests.servers import redis

TASKIQ = "Taskiq on Redis streams, no-op tasks"
DEFAULTS = "Carillon, email, as configured by default"
TUNED = "Carillon, email, 200 slots"
COLUMNS = {"per second": "{:,.0f}", "CPU ms each": "{:.3f}", "core busy %": "{:.0f}"}
PEOPLE = [f"u{number}" for number in range(1_000)]
PER_NOTIFICATION = 100
CONTENT = {"title": "Parcel 42 is on its way", "body": "It will be with you between 9 and 11 o'clock."}
PUBLISHING_AT_ONCE = 200
SENT = "SELECT count(*) FROM deliveries WHERE notification_id = ANY($1) AND status = 'sent'"
RECORDED = """
SELECT count(*) FROM attempts JOIN deliveries ON deliveries.id = delivery_id
WHERE notification_id = ANY($1) AND outcome = 'ok'
"""


class Taskiq:
    """The peer."""

    def __init__(self, stage: Stage, url: str) -> None:
        self._stage = stage
        self._url = url

    async def turn(self, count: int) -> Figures:
        """So many tasks waiting, then a worker."""
        async with redis.client(self._url) as client:
            await client.delete(taskiq_noop.STREAM)
            await self._publish(count)
            environment = {"REDIS_URL": self._url}
            worker = await self._stage.start(
                "taskiq", "-m", "tests.bench.peers.taskiq_noop", environment=environment, ready="ready"
            )
            figures = await drained((worker,), count, lambda: _acknowledged(client))
            await worker.stop()
        return figures

    async def _publish(self, count: int) -> None:
        broker = taskiq_noop.make_broker(self._url)
        await broker.startup()
        task = broker.find_task("noop")
        assert isinstance(task, AsyncTaskiqDecoratedTask)
        for first in range(0, count, PUBLISHING_AT_ONCE):
            numbers = range(first, min(count, first + PUBLISHING_AT_ONCE))
            await asyncio.gather(*(task.kiq(number) for number in numbers))
        await broker.shutdown()


async def _acknowledged(client: Redis) -> int:
    groups = await client.xinfo_groups(taskiq_noop.STREAM)
    return int(groups[0]["entries-read"] or 0) - int(groups[0]["pending"])


class Ours:
    """One installation, whose server stands aside on the core of the load."""

    def __init__(self, carillon: Carillon, database_url: str) -> None:
        self._carillon = carillon
        self._database_url = database_url

    async def turn(self, count: int, tuning: Mapping[str, str]) -> Figures:
        """So many deliveries waiting, then a worker."""
        async with _connected(self._database_url) as connection:
            ids = await self._accept(count)

            async def done() -> int:
                return int(await connection.fetchval(SENT, ids))

            worker = await self._carillon.start("worker", tuning, module=INSTANT)
            figures = await drained((worker,), count, done)
            await worker.stop()
            recorded = await connection.fetchval(RECORDED, ids)
        if recorded != count:
            raise LoadFailed(f"{count} deliveries were sent, with {recorded} attempts")
        return figures

    async def _accept(self, count: int) -> list[str]:
        """The ids of notifications to a hundred people each."""
        ids = []
        async with Backend(self._carillon.port) as backend:
            for first in range(0, count, PER_NOTIFICATION):
                start = first % len(PEOPLE)
                to = PEOPLE[start : start + min(PER_NOTIFICATION, count - first)]
                body = {"to": to, "channels": ["email"], "content": CONTENT}
                ids.append((await backend.post("/notifications", body))["id"])
        return ids


@asynccontextmanager
async def _connected(url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


async def _turns(stage: Stage, count: int) -> dict[str, Contestant]:
    redis_url, database_url = await stage.redis(), await stage.database()
    carillon = Carillon(stage, {"DATABASE_URL": database_url, "REDIS_URL": redis_url, "QUEUE_DRIVER": "redis"})
    await carillon.start("serve", core=LOAD_CORE)
    async with Backend(carillon.port) as backend:
        await backend.subscribers(PEOPLE)
    taskiq, ours = Taskiq(stage, redis_url), Ours(carillon, database_url)
    return {
        TASKIQ: lambda: taskiq.turn(count),
        DEFAULTS: lambda: ours.turn(count, {}),
        TUNED: lambda: ours.turn(count, MORE_SLOTS),
    }


async def main(chosen: argparse.Namespace) -> None:
    """Everybody in turn, then the medians."""
    count = 50_000 if chosen.full else chosen.count
    async with Stage() as stage:
        results = await take_turns(await _turns(stage, count), chosen.rounds)
    print(f"{count:,} waiting, medians of {chosen.rounds} rounds")
    print(results.table(COLUMNS))
    for ours in (DEFAULTS, TUNED):
        print(verdict(f"{ours} / Taskiq", results.ratio(ours, TASKIQ, "per second"), at_least=2))


if __name__ == "__main__":
    parser = arguments(__doc__, rounds=3)
    parser.add_argument("--count", type=int, default=5_000, help="how many are waiting (5,000; with --full 50,000)")
    run(main, parser)
