"""F-01: PostgreSQL under servers and workers that are killed, and which crashes itself while they are at work."""

import asyncio
import sys
import time
from pathlib import Path

import pytest

from domain.notifications.delivery_status import DeliveryStatus
from tests.faults.checker import totals, violations
from tests.faults.killing import KILL_SECONDS, Size, all_caught_up, ask, following, kill, waits
from tests.faults.scene import CHANNELS, LEASE_SECONDS, QUICK, scene
from tests.faults.sink import Answer
from tests.servers.postgres import NoPostgres, PostgresServer, database, program

SUBSCRIBERS = 20
WORKERS = 3
CRASHES = 2
FINAL_SECONDS = 30.0
SECRET = "bm90IGEgc2VjcmV0LCBhIHRlc3Qgb2YgZmF1bHRzIHVuZGVyIGtpbGxz"

SMALL = Size(
    notifications=120, worker_kills=3, server_after=frozenset({2}), environment=QUICK, lease_seconds=LEASE_SECONDS
)
# As it is installed.
FULL = Size(
    notifications=10_000,
    worker_kills=55,
    server_after=frozenset({11, 22, 33, 44}),
    environment={},
    lease_seconds=15.0,
    waits_for_relay=True,
)


# Slow enough that something is in flight whenever somebody dies. Of the large size, 3 x 20 slots could not even keep up
# with the e-mail, were it as slow, and the backlog would say nothing about recovery.
SLOW, BRISK = Answer(delay=0.05, pause=0.3), Answer(delay=0.02, pause=0.1)


@pytest.mark.service
@pytest.mark.parametrize(
    ("size", "answer"), [(SMALL, SLOW), pytest.param(FULL, BRISK, marks=pytest.mark.nightly)], ids=["small", "full"]
)
async def test_f01_nothing_is_lost_on_postgres_when_everything_is_killed(
    tmp_path: Path, size: Size, answer: Answer
) -> None:
    try:
        program("initdb")
    except NoPostgres as error:
        pytest.skip(str(error))
    async with PostgresServer() as postgres, database(postgres.url) as url:
        environment = {"DATABASE_URL": url, "DB_AUTO_MIGRATE": "true", "AUTH_SECRET": SECRET, **size.environment}
        async with scene(tmp_path, environment, lease_seconds=size.lease_seconds) as stage:
            server = await stage.chaos.start("serve")
            await stage.prepare(SUBSCRIBERS)
            workers = [await stage.chaos.start("worker", name=f"worker-{number}") for number in range(WORKERS)]
            await stage.chaos.start("scheduler")
            stage.sink.answer = lambda _request: answer
            async with following(stage) as followers:
                async with asyncio.TaskGroup() as group:
                    killing = group.create_task(kill(stage, size, server, workers))
                    asking = group.create_task(ask(stage, size))
                    group.create_task(_crash(postgres, KILL_SECONDS * size.worker_kills / (CRASHES + 1)))
                await stage.all_final(FINAL_SECONDS)
                seconds = time.monotonic() - max(killing.result(), asking.result())
                await all_caught_up(stage, followers, FINAL_SECONDS)
                if size.waits_for_relay:
                    await stage.all_relayed(FINAL_SECONDS)
                facts = await stage.facts({name: each.frames for name, each in followers.items()})
    counted = totals(facts)
    sys.stdout.write(f"{counted}\nall final {seconds:.1f} s after the last kill and POST\n{waits(stage.producer)}\n")
    assert violations(facts) == []
    assert (counted.posts, counted.lost, counted.unexpected) == (size.notifications, 0, 0)
    assert all(post.answers for post in facts.posts)
    assert {delivery.status for delivery in facts.deliveries} == {DeliveryStatus.SENT}
    assert len(facts.deliveries) == size.notifications * len(CHANNELS)
    assert counted.recovered > 0
    assert any(follower.connections > 1 for follower in followers.values())


async def _crash(postgres: PostgresServer, pause: float) -> None:
    for _ in range(CRASHES):
        await asyncio.sleep(pause)
        await postgres.kill()
        await postgres.start()
