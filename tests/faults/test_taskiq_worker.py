"""Taskiq's own command runs the worker over a Redis that comes, goes and comes back."""

from itertools import count
from pathlib import Path

import pytest

from tests.e2e.processes import eventually
from tests.faults.chaos import Chaos, Part
from tests.faults.scene import Scene, scene
from tests.servers.redis import NoRedis, RedisServer, client

GROUP = "workers"
STREAM = "app:wake:notifications"
ENVIRONMENT = {"QUEUE_DRIVER": "redis", "WORKER_LEASE": "60s", "WORKER_SWEEP": "1s"}


@pytest.mark.service
async def test_worker_lives_on_and_is_woken_when_redis_was_away(tmp_path: Path) -> None:
    redis = RedisServer()
    try:
        async with scene(tmp_path, {**ENVIRONMENT, "REDIS_URL": redis.url}, lease_seconds=60.0) as stage:
            await stage.chaos.start("serve")
            await stage.prepare(2)
            worker = taskiq_worker(stage.chaos)
            worker.launch()
            await stage.notify(0)
            await stage.all_final(60)
            for name in ("once", "twice"):
                await redis.start()
                await _woken(stage, redis, name)
                await redis.kill()
            await stage.notify(3)
            await stage.all_final(30)
            assert worker.running
            assert "is dead" not in worker.output
            assert await worker.stop() == 0
    except NoRedis as error:
        pytest.skip(str(error))
    finally:
        redis.end()


def taskiq_worker(chaos: Chaos) -> Part:
    """`taskiq worker`, one process of it."""
    arguments = ("worker", "app.worker.tasks:broker_factory", "--workers", "1")
    return chaos.part(*arguments, name="taskiq", module="taskiq")


async def _woken(stage: Scene, redis: RedisServer, name: str) -> None:
    """Ask until a wake-up was read from the stream."""
    numbers = count()

    async def read() -> int:
        await stage.notify(next(numbers), name=name)
        async with client(redis.url) as asking:
            groups = await asking.xinfo_groups(STREAM) if await asking.exists(STREAM) else []
        return sum(group["entries-read"] or 0 for group in groups if group["name"] == GROUP.encode())

    await eventually(read, seconds=30)
