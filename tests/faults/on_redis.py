"""Scenes as large installations are: rows in PostgreSQL, hints and wake-ups by Redis."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.faults.on_postgres import empty_database, patient_scene
from tests.faults.scene import Scene
from tests.servers.redis import NoRedis, RedisServer


@asynccontextmanager
async def redis_scene(folder: Path, environment: Mapping[str, str] | None = None) -> AsyncIterator[Scene]:
    """Over a Redis of the test's own; the test is skipped where either server cannot be had."""
    redis = RedisServer()
    try:
        await redis.start()
    except NoRedis as error:
        pytest.skip(str(error))
    try:
        async with empty_database() as url:
            drivers = {"QUEUE_DRIVER": "redis", "REALTIME_DRIVER": "redis", "REDIS_URL": redis.url}
            async with patient_scene(folder, url, {**drivers, **(environment or {})}) as stage:
                yield stage
    finally:
        redis.end()
