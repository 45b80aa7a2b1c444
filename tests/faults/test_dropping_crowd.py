"""F-08: clients drop their streams at random and come back, while notifications go on."""

import asyncio
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest

from domain.realtime.cursor import Cursor
from tests.e2e.processes import eventually, free_port
from tests.faults.dropper import Dropper
from tests.faults.facts import Heard
from tests.faults.on_redis import redis_scene
from tests.faults.scene import Scene

SUBSCRIBERS = 20
CLIENTS = 200
DROPS = 50
LONGEST_STAY = 2.0
CAUGHT_UP_SECONDS = 30.0
IN_APP = ("in_app",)
# Connections that were dropped count until the server has noticed.
ENVIRONMENT = {"SSE_MAX_PER_SUBSCRIBER": "0"}
KEPT = 10
MISSED = 3 * KEPT
# The scheduler looks as soon as it is there, and each minute.
EVICTED_SECONDS = 90.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How often each drops, and how many seconds lie between two notifications to everybody."""

    drops: int
    interval: float


STEADY = Size(drops=DROPS, interval=0.2)
# Nobody may be away for as long as it takes to fall out of the few that are kept.
FEW_KEPT = Size(drops=5, interval=1.0)


@pytest.mark.service
@pytest.mark.nightly
async def test_f08_nothing_is_missed_or_doubled_when_a_crowd_drops_and_returns(tmp_path: Path) -> None:
    async with redis_scene(tmp_path, ENVIRONMENT) as stage:
        port = await _prepare(stage)
        crowd = await _droppers(stage, port)
        heads = await _drop_while_published(stage, crowd, STEADY)
    _tell(crowd)
    assert _faults(crowd, heads) == []
    assert [dropper.resets for dropper, _ in crowd] == [0] * CLIENTS
    assert min(dropper.connections for dropper, _ in crowd) > DROPS


@pytest.mark.service
@pytest.mark.nightly
async def test_f08_each_has_one_reset_when_a_crowd_returns_to_an_evicted_place(tmp_path: Path) -> None:
    async with redis_scene(tmp_path, {**ENVIRONMENT, "SSE_REPLAY_SIZE": str(KEPT)}) as stage:
        port = await _prepare(stage)
        await stage.producer.notify("seen", stage.subscribers, IN_APP)
        crowd = await _droppers(stage, port)
        for number in range(MISSED):
            await stage.producer.notify(f"missed-{number}", stage.subscribers, IN_APP)
        await stage.chaos.start("scheduler")
        await eventually(stage.store.most_kept, lambda kept: kept <= KEPT, EVICTED_SECONDS)
        heads = await _drop_while_published(stage, crowd, FEW_KEPT)
    _tell(crowd)
    assert _faults(crowd, heads) == []
    assert [dropper.resets for dropper, _ in crowd] == [1] * CLIENTS
    assert {dropper.frames[1].heard for dropper, _ in crowd} == {Heard.RESET}


async def _prepare(stage: Scene) -> int:
    """What one server accepts the other one's clients see; where that one listens."""
    await stage.chaos.start("serve")
    await stage.prepare(SUBSCRIBERS)
    await stage.chaos.start("serve", name="followed", port=(port := free_port()))
    return port


async def _droppers(stage: Scene, port: int) -> Sequence[tuple[Dropper, str]]:
    """Each with the name of its subscriber, standing where the stream stands now."""
    heads = await stage.store.heads()
    tokens = {name: await stage.producer.token(name) for name in stage.subscribers}
    names = [stage.subscribers[number % SUBSCRIBERS] for number in range(CLIENTS)]
    return [(Dropper(port, tokens[name], heads[name]), name) for name in names]


async def _drop_while_published(stage: Scene, crowd: Sequence[tuple[Dropper, str]], size: Size) -> Mapping[str, Cursor]:
    """Until each has dropped so often, and then seen the end of its stream; where the streams stand."""
    async with _publishing(stage, size.interval):
        await asyncio.gather(*(dropper.drop(size.drops, LONGEST_STAY) for dropper, _ in crowd))
    heads = await stage.store.heads()
    staying = [asyncio.create_task(dropper.follow()) for dropper, _ in crowd]

    async def behind() -> int:
        return sum(dropper.place != heads[name] for dropper, name in crowd)

    try:
        await eventually(behind, lambda number: number == 0, CAUGHT_UP_SECONDS)
    finally:
        while not all(task.done() for task in staying):
            # Once may not be enough: `asyncio.wait_for` of Python 3.11 can swallow a cancellation.
            for task in staying:
                task.cancel()
            await asyncio.wait(staying, timeout=1)
    return heads


@asynccontextmanager
async def _publishing(stage: Scene, interval: float) -> AsyncIterator[None]:
    done = asyncio.Event()

    async def publish() -> None:
        for number in count():
            await stage.producer.notify(f"post-{number}", stage.subscribers, IN_APP)
            await asyncio.sleep(interval)
            if done.is_set():
                return

    publishing = asyncio.create_task(publish())
    try:
        yield
    finally:
        done.set()
        await publishing


def _faults(crowd: Sequence[tuple[Dropper, str]], heads: Mapping[str, Cursor]) -> list[str]:
    return [f"{name}: {fault}" for dropper, name in crowd for fault in dropper.faults(heads[name])]


def _tell(crowd: Sequence[tuple[Dropper, str]]) -> None:
    opened = sum(dropper.connections for dropper, _ in crowd)
    updates = [sum(frame.heard is Heard.UPDATE for frame in dropper.frames) for dropper, _ in crowd]
    resets = sum(dropper.resets for dropper, _ in crowd)
    told = f"{sum(updates)} updates read ({min(updates)} to {max(updates)} each), {resets} resets"
    sys.stdout.write(f"figures {CLIENTS} clients opened {opened} streams: {told}\n")
