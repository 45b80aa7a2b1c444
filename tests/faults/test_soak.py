"""F-25: hours in small: a steady load and streams that come and go leave nothing behind."""

import asyncio
import random
import sys
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest

from tests.faults.caller import NOTIFICATIONS, Caller, callers
from tests.faults.chaos import Part
from tests.faults.crowd import Crowd, crowd
from tests.faults.on_postgres import empty_database, patient_scene
from tests.faults.producer import ACCEPTED, Reply
from tests.faults.scene import WITH_FAULTS, Scene
from tests.faults.sink import EMAIL
from tests.faults.vitals import MEBIBYTE, Series, open_files, redis_figures, resident, told
from tests.servers.redis import NoRedis, RedisServer

SUBSCRIBERS = 50
STREAMS = 200
CALLERS = 10
INTERVAL = 0.02
# One stream in twenty is cut off each second, and comes back a few seconds later.
CUT_SECONDS = 0.1
OPEN_SECONDS = 60.0
FINAL_SECONDS = 60.0
WARM_SECONDS = 600.0
QUEUES = ("app:wake:notifications", "app:wake:default", "app:wake:maintenance", "app:wake:reports")
GROUP = "workers"
# Streams that are being reopened, requests under way, connections that a pool opens late.
COME_AND_GO = 15
OK, UNAVAILABLE = 200, 503

Vitals = Mapping[str, Series]


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How long, and how much memory may have grown after ten minutes.

    What counts as warming up is deliveries beforehand, and then seconds: the memory of a worker takes some thousand
    deliveries to come to rest.
    """

    seconds: float
    deliveries: int
    warm_up: float
    look_every: float
    growth_per_ten_minutes: float | None


# Too short to tell a leak of memory from caches that fill; the large size looks for ten minutes, once they are full.
SMALL = Size(seconds=15.0, deliveries=0, warm_up=5.0, look_every=0.5, growth_per_ten_minutes=None)
FULL = Size(seconds=900.0, deliveries=9_000, warm_up=300.0, look_every=5.0, growth_per_ten_minutes=MEBIBYTE)


@pytest.mark.service
@pytest.mark.parametrize("size", [SMALL, pytest.param(FULL, marks=pytest.mark.nightly)], ids=["small", "full"])
async def test_f25_nothing_grows_when_the_load_is_steady(tmp_path: Path, size: Size) -> None:
    try:
        async with RedisServer() as redis, empty_database() as url:
            drivers = {"QUEUE_DRIVER": "redis", "REALTIME_DRIVER": "redis", "REDIS_URL": redis.url}
            environment = {**drivers, "SSE_MAX_PER_SUBSCRIBER": "0"}
            async with patient_scene(tmp_path, url, environment) as stage:
                await _soak(stage, redis, size)
    except NoRedis as error:
        pytest.skip(str(error))


async def _soak(stage: Scene, redis: RedisServer, size: Size) -> None:
    # The first one migrates.
    parts = [await _start(stage, "serve"), *await asyncio.gather(_start(stage, "worker"), _start(stage, "scheduler"))]
    await stage.prepare(SUBSCRIBERS)
    await _warm_up(stage, size.deliveries)
    tokens = [await stage.producer.token(name) for name in stage.subscribers]
    async with (
        crowd(stage.chaos.port, [tokens[number % SUBSCRIBERS] for number in range(STREAMS)]) as browsers,
        callers(stage.chaos.port, CALLERS) as backends,
    ):
        await browsers.all_open(OPEN_SECONDS)
        until = time.monotonic() + size.seconds
        async with asyncio.TaskGroup() as group:
            asking = group.create_task(_ask(backends, stage, until))
            group.create_task(_cut(browsers, until))
            looking = group.create_task(_look(stage, parts, redis, size))
        await stage.all_final(FINAL_SECONDS)
        await browsers.all_open(OPEN_SECONDS)
    _judge({name: series.after(size.warm_up) for name, series in looking.result().items()}, size)
    sys.stdout.write(f"figures {asking.result()} requests, {len(browsers.opened)} streams opened\n")
    # Most of what was to be asked for was, however slow the machine is.
    assert asking.result() >= size.seconds / INTERVAL / 2
    assert len(browsers.opened) > STREAMS + size.seconds / CUT_SECONDS / 2
    assert sum(browser.gaps + browser.resets for browser in browsers.browsers) == 0


async def _start(stage: Scene, name: str) -> Part:
    return await stage.chaos.start(name, "--tasks", str(stage.folder / f"{name}.tasks"), module=WITH_FAULTS)


async def _warm_up(stage: Scene, deliveries: int) -> None:
    await stage.producer.topic("all", stage.subscribers)
    for number in range(deliveries // SUBSCRIBERS):
        await stage.producer.notify(f"warm-{number}", stage.subscribers, [EMAIL], topic="all")
    await stage.all_final(WARM_SECONDS)


async def _ask(backends: Sequence[Caller], stage: Scene, until: float) -> int:
    """Fifty requests in a second: most of them writing, to the inbox or by e-mail, some reading."""
    began, numbers, answered = time.monotonic(), count(), 0

    async def ask_on(backend: Caller) -> None:
        nonlocal answered
        while (number := next(numbers)) * INTERVAL + began < until:
            await asyncio.sleep(max(0.0, began + number * INTERVAL - time.monotonic()))
            reply = await _one(backend, number, stage.subscribers[number % SUBSCRIBERS])
            # On a machine that others use, too, there may be moments of "not now".
            assert reply.status in (OK, ACCEPTED, UNAVAILABLE)
            answered += reply.status != UNAVAILABLE

    await asyncio.gather(*(ask_on(backend) for backend in backends))
    return answered


async def _one(backend: Caller, number: int, reader: str) -> Reply:
    if number % 5 == 0:
        return await backend.ask("GET", NOTIFICATIONS)
    return await backend.notify(reader, EMAIL if number % 5 == 1 else "in_app")


async def _cut(browsers: Crowd, until: float) -> None:
    while time.monotonic() < until:
        random.choice(browsers.browsers).cut()  # noqa: S311 - anybody
        await asyncio.sleep(CUT_SECONDS)


async def _look(stage: Scene, parts: list[Part], redis: RedisServer, size: Size) -> Vitals:
    vitals: dict[str, Series] = defaultdict(Series)
    began = time.monotonic()
    while (at := time.monotonic() - began) < size.seconds:
        for part in parts:
            tasks = told(stage.folder / f"{part.name}.tasks")
            for name, measure in {"memory": resident, "files": open_files, "tasks": tasks}.items():
                vitals[f"{part.name} {name}"].add(at, measure(part.pid))
        for name, value in (await redis_figures(redis.url, QUEUES, GROUP)).items():
            vitals[name].add(at, value)
        await asyncio.sleep(size.look_every)
    return vitals


def _judge(vitals: Vitals, size: Size) -> None:
    for name, series in vitals.items():
        unit = MEBIBYTE if "memory" in name else 1
        slope = series.slope() * 600 / unit
        told = f"{series.values[0] / unit:.1f} to {series.values[-1] / unit:.1f}, growth {series.growth() / unit:.1f}"
        sys.stdout.write(f"figures {name}: {told}, slope {slope:.2f} per ten minutes\n")
    for name, series in vitals.items():
        if "memory" not in name:
            assert series.growth() <= COME_AND_GO, name
        elif size.growth_per_ten_minutes is not None:
            assert series.slope() * 600 < size.growth_per_ten_minutes, name
    assert vitals["redis consumers"].growth() == 0
    assert vitals["redis consumers"].values[-1] > 0
