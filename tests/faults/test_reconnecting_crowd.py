"""F-22: a server with many streams is restarted, and all of its browsers come back."""

import asyncio
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.processes import free_port
from tests.faults.caller import connected
from tests.faults.chaos import Part
from tests.faults.crowd import Crowd, crowd
from tests.faults.on_postgres import killable, patient_scene
from tests.faults.producer import ACCEPTED, Reply
from tests.faults.query_counts import STATEMENTS, QueryCounts, counting
from tests.faults.scene import Scene
from tests.servers.postgres import database

OPEN_SECONDS = 120.0
CAUGHT_UP_SECONDS = 20.0
P99_SECONDS = 1.0
PROBE_SECONDS = 0.02
# Fewer have no 99th percentile, only a longest one.
LEAST_REQUESTS = 101
IMPATIENT = 150
IN_APP = ("in_app",)
ENVIRONMENT = {"SSE_MAX_PER_SUBSCRIBER": "0"}
# Reading pages of a stream, and asking where streams stand.
PAGES = r"^SELECT stream_events\.seq"
HEADS = r"^SELECT streams\..*streams\.stream_id IN \([^)]*\)\s*$"


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How many browsers follow how many streams; how far apart their returns lie at least.

    Those whose server was told to end are asked to spread over half a minute, those whose server was killed know no
    more than the five seconds that they were told at the beginning.
    """

    browsers: int
    subscribers: int
    killed: bool
    spread: float
    # Of the browsers, how many may have their replay read in the same second.
    at_once: float
    # Where the machine is one's own.
    timed: bool = True


SMALL = Size(browsers=150, subscribers=50, killed=True, spread=2.0, at_once=0.9, timed=False)
TOLD = Size(browsers=1_500, subscribers=300, killed=False, spread=10.0, at_once=0.15)
FULL = Size(browsers=5_000, subscribers=500, killed=False, spread=10.0, at_once=0.15)


@pytest.mark.service
@pytest.mark.parametrize(
    "size",
    [SMALL, pytest.param(TOLD, marks=pytest.mark.nightly), pytest.param(FULL, marks=pytest.mark.nightly)],
    ids=["small", "told", "full"],
)
async def test_f22_the_others_are_served_when_a_crowd_comes_back(tmp_path: Path, size: Size) -> None:
    async with (
        killable(STATEMENTS) as postgres,
        database(postgres.url) as url,
        patient_scene(tmp_path, url, ENVIRONMENT) as stage,
    ):
        # Backends ask one server, browsers follow at the other.
        await stage.chaos.start("serve")
        await stage.prepare(size.subscribers)
        followed = await stage.chaos.start("serve", name="followed", port=(port := free_port()))
        tokens = [await stage.producer.token(name) for name in stage.subscribers]
        async with crowd(port, [tokens[number % len(tokens)] for number in range(size.browsers)]) as browsers:
            await browsers.all_open(OPEN_SECONDS)
            await _notify_all(stage, "before")
            await _all_caught_up(stage, browsers)
            browsers.opened.clear()
            async with counting(url, pages=PAGES, heads=HEADS) as counts:
                await _restart(stage, followed, size)
                replies = await _ask_until_all_are_back(port, browsers)
                await _all_caught_up(stage, browsers)
                await asyncio.sleep(1.1)
    _tell(browsers, counts, replies)
    spread = browsers.opened[-1] - browsers.opened[0]
    assert len(browsers.opened) == size.browsers
    if size.timed:
        # A browser that is refused is not seen again; only a machine that has no time at all refuses.
        assert browsers.refused == []
    assert sum(browser.gaps + browser.resets for browser in browsers.browsers) == 0
    assert spread >= size.spread
    assert counts.total("pages") >= size.browsers / 2
    assert counts.most_per_second("pages") <= size.browsers * size.at_once
    assert 0 < counts.total("heads") <= size.browsers
    assert {reply.status for reply in replies} == {ACCEPTED}
    assert _p99(replies) < P99_SECONDS


@pytest.mark.service
async def test_f22_places_are_looked_up_together_when_browsers_do_not_wait_for_their_turn(tmp_path: Path) -> None:
    async with (
        killable(STATEMENTS) as postgres,
        database(postgres.url) as url,
        patient_scene(tmp_path, url, ENVIRONMENT) as stage,
    ):
        await stage.chaos.start("serve")
        await stage.prepare(IMPATIENT)
        tokens = [await stage.producer.token(name) for name in stage.subscribers]
        async with counting(url, heads=HEADS) as counts:
            async with crowd(stage.chaos.port, tokens, together=IMPATIENT) as browsers:
                await browsers.all_open(OPEN_SECONDS)
            await asyncio.sleep(1.1)
    sys.stdout.write(f"figures {IMPATIENT} came at once: {counts.total('heads')} calls for heads\n")
    assert 0 < counts.total("heads") <= IMPATIENT / 2


async def _notify_all(stage: Scene, name: str) -> None:
    await asyncio.gather(*(stage.producer.notify(f"{name}-{reader}", [reader], IN_APP) for reader in stage.subscribers))


async def _restart(stage: Scene, followed: Part, size: Size) -> None:
    """While it is away, everybody is notified."""
    await (followed.kill() if size.killed else followed.stop())
    await _notify_all(stage, "meanwhile")
    await followed.start()


async def _ask_until_all_are_back(port: int, browsers: Crowd) -> list[Reply]:
    """What a backend is answered by the server that they come back to."""
    caller, until = await connected(port), time.monotonic() + OPEN_SECONDS
    replies: list[Reply] = []
    while len(replies) < LEAST_REQUESTS or not all(browser.open for browser in browsers.browsers):
        assert time.monotonic() < until, "some did not come back"
        replies.append(await caller.notify("nobody"))
        await asyncio.sleep(PROBE_SECONDS)
    caller.leave()
    return replies


async def _all_caught_up(stage: Scene, browsers: Crowd) -> None:
    heads = await stage.store.heads()
    names = stage.subscribers
    places = [heads[names[number % len(names)]] for number in range(len(browsers.browsers))]
    await browsers.all_at(places, CAUGHT_UP_SECONDS)


def _p99(replies: list[Reply]) -> float:
    return sorted(reply.seconds for reply in replies)[len(replies) * 99 // 100]


def _tell(browsers: Crowd, counts: QueryCounts, replies: list[Reply]) -> None:
    spread = browsers.opened[-1] - browsers.opened[0]
    busiest = max(sum(each <= at < each + 1 for at in browsers.opened) for each in browsers.opened)
    came = f"{len(browsers.opened)} came back over {spread:.1f} s, {busiest} in the busiest one"
    sys.stdout.write(f"figures {came}, {len(browsers.refused)} times refused\n")
    for name in counts.patterns:
        told = f"{counts.total(name)} calls, {counts.most_per_second(name):.0f} in the busiest second"
        sys.stdout.write(f"figures {name}: {told}\n")
    sys.stdout.write(f"figures {len(replies)} requests meanwhile: p99 {_p99(replies):.3f} s\n")
