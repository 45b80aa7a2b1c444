"""A process ends at the worst moments, one after the other; nothing is lost, and nothing is done twice unseen."""

import asyncio
import signal
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.faults.chaos import Part
from tests.faults.checker import duplicates, violations
from tests.faults.crash_points import Place
from tests.faults.scene import CHANNELS, WITH_FAULTS, Scene, scene

KILLED = -signal.SIGKILL
AT_ONCE = 4
FINAL_SECONDS = 30.0

ACCEPTING = (Place.BEFORE_ACCEPTED, Place.BEFORE_WAKE_UP, Place.AFTER_WAKE_UP, Place.AFTER_ACCEPTED)
DELIVERING = (Place.AFTER_CLAIMED, Place.AFTER_ANSWERED, Place.BEFORE_RECORDED, Place.AFTER_RECORDED)
EXPANDING = (Place.BEFORE_PAGE, Place.AFTER_PAGE)
# Between those above.
BETWEEN = pytest.mark.nightly
# Here the provider has acted, and nobody has written it down.
LEAVING_REPEATS = {Place.AFTER_ANSWERED, Place.BEFORE_RECORDED}


async def test_a_post_is_stored_once_when_the_server_dies_while_it_accepts(tmp_path: Path) -> None:
    async with scene(tmp_path) as stage:
        server = await stage.chaos.start("serve", *stage.trapped, module=WITH_FAULTS)
        await stage.prepare(subscribers=AT_ONCE)
        worker = await stage.chaos.start("worker")
        for place in ACCEPTING:
            await _die_at(stage, server, place, _posts(stage, place.name))
        await stage.all_final(FINAL_SECONDS)
        facts = await stage.facts()
        assert worker.running
    assert violations(facts) == []
    assert len(facts.notifications) == len(ACCEPTING) * AT_ONCE
    assert duplicates(facts) == 0
    # Each death cut somebody off, and everybody asked twice: with one and the same answer, or I1 would not hold.
    assert sum(post.tries for post in facts.posts) >= 2 * len(facts.posts) + len(ACCEPTING)
    assert all(len(post.answers) == 2 for post in facts.posts)


@pytest.mark.parametrize(
    "places",
    [DELIVERING, pytest.param((Place.BEFORE_CLAIMED, Place.BEFORE_ASKED), marks=BETWEEN)],
    ids=["delivers", "begins"],
)
async def test_deliveries_end_once_when_the_worker_dies_while_it(tmp_path: Path, places: Sequence[Place]) -> None:
    async with scene(tmp_path) as stage:
        await stage.chaos.start("serve")
        await stage.prepare(subscribers=AT_ONCE)
        worker = await stage.chaos.start("worker", *stage.trapped, module=WITH_FAULTS)
        for place in places:
            before = duplicates(await stage.facts())
            await _die_at(stage, worker, place, _posts(stage, place.name))
            stage.kills += 1
            await stage.all_final(FINAL_SECONDS)
            repeated = duplicates(await stage.facts()) - before
            assert repeated or place not in LEAVING_REPEATS, f"no repeat after a death {place}"
        facts = await stage.facts()
    assert violations(facts) == []
    assert len(facts.posts) == len(places) * AT_ONCE
    assert worker.exit_codes[:-1] == [KILLED] * len(places)


@pytest.mark.parametrize(
    "places",
    [EXPANDING, pytest.param((Place.BEFORE_JOB_DONE, Place.AFTER_JOB_DONE), marks=BETWEEN)],
    ids=["expands", "finishes"],
)
async def test_a_topic_is_written_out_once_when_the_worker_dies_while_it(
    tmp_path: Path, places: Sequence[Place]
) -> None:
    async with scene(tmp_path) as stage:
        await stage.chaos.start("serve")
        await stage.prepare(subscribers=10)
        await stage.producer.topic("everyone", stage.subscribers)
        worker = await stage.chaos.start("worker", *stage.trapped, module=WITH_FAULTS)
        for place in places:
            post = stage.producer.notify(place.name, stage.subscribers, CHANNELS, topic="everyone")
            await _die_at(stage, worker, place, [post])
            stage.kills += 1
        await stage.all_final(FINAL_SECONDS)
        facts = await stage.facts()
    assert violations(facts) == []
    assert len(facts.notifications) == len(places)
    assert worker.exit_codes[:-1] == [KILLED] * len(places)


Work = Coroutine[Any, Any, object]  # Any: as the standard library has it


def _posts(stage: Scene, name: str) -> list[Work]:
    return [stage.notify(number, name=name, repeats=1) for number in range(AT_ONCE)]


async def _die_at(stage: Scene, part: Part, place: Place, work: Sequence[Work]) -> None:
    """Let the part die there while the work is done, and start it again."""
    stage.trap.set(place)
    async with asyncio.TaskGroup() as group:
        for each in work:
            group.create_task(each)
        assert await part.ended() == KILLED, place
        assert not stage.trap.is_set, place
        await part.start()
