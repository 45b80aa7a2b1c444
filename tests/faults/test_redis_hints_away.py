"""F-07: hints between processes are away for five seconds while browsers follow their streams."""

import asyncio
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.processes import free_port
from tests.faults.checker import totals, violations
from tests.faults.killing import all_caught_up, ask, following
from tests.faults.scene import Scene, scene
from tests.servers.redis import NoRedis, RedisServer

OUTAGE_SECONDS = 5.0
# Healthy streams look for themselves each 24 s at least: who is quicker has been told, or knows that it is deaf.
CAUGHT_UP_SECONDS = 20.0
QUICK_SECONDS = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How many updates go to how many followers; `timed` where the machine is one's own."""

    notifications: int
    followers: int
    seconds: float
    environment: Mapping[str, str]
    timed: bool = False

    @property
    def interval(self) -> float:
        """From one request to the next."""
        return self.seconds / self.notifications


SMALL = Size(notifications=30, followers=5, seconds=7.0, environment={"WORKER_LEASE": "60s"})
FULL = Size(notifications=2_000, followers=200, seconds=40.0, environment={}, timed=True)


@pytest.mark.service
@pytest.mark.parametrize("size", [SMALL, pytest.param(FULL, marks=pytest.mark.nightly)], ids=["small", "full"])
async def test_f07_streams_have_no_gap_when_hints_are_away(tmp_path: Path, size: Size) -> None:
    try:
        async with RedisServer() as redis:
            await _follow_through(tmp_path, redis, size)
    except NoRedis as error:
        pytest.skip(str(error))


async def _follow_through(folder: Path, redis: RedisServer, size: Size) -> None:
    environment = {"REALTIME_DRIVER": "redis", "REDIS_URL": redis.url, **size.environment}
    async with scene(folder, environment, lease_seconds=60.0) as stage:
        await stage.chaos.start("serve")
        await stage.prepare(size.followers)
        # What one server accepts the other one's browsers see.
        await stage.chaos.start("serve", name="other", port=(port := free_port()))
        await stage.chaos.start("worker")
        async with following(stage, size.followers, port=port) as followers:
            async with asyncio.TaskGroup() as group:
                group.create_task(ask(stage, size))
                group.create_task(_outage(redis, size.seconds))
            back = time.monotonic()
            await all_caught_up(stage, followers, QUICK_SECONDS if size.timed else CAUGHT_UP_SECONDS)
            late = time.monotonic() - back
            await redis.kill()
            await _told_without_hints(stage)
            await all_caught_up(stage, followers, CAUGHT_UP_SECONDS)
            await stage.all_final(60.0)
            facts = await stage.facts({name: each.frames for name, each in followers.items()})
    sys.stdout.write(f"{totals(facts)}\ncaught up {late:.1f} s after the last\n")
    assert violations(facts) == []
    assert [post.key for post in facts.posts if post.refusals] == []
    assert {each.connections for each in followers.values()} == {1}


async def _outage(redis: RedisServer, seconds: float) -> None:
    """In the middle; those who ask go on beyond its end."""
    await asyncio.sleep(max(0.0, seconds - OUTAGE_SECONDS) / 2)
    await redis.kill()
    await asyncio.sleep(OUTAGE_SECONDS)
    await redis.start()


async def _told_without_hints(stage: Scene) -> None:
    for number in range(len(stage.subscribers)):
        await stage.notify(number, name="unhinted")
