"""F-20: more requests come than there are connections to PostgreSQL, and none of those is given back."""

import asyncio
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.faults.caller import Caller, callers, connected
from tests.faults.on_postgres import empty_database, patient_scene
from tests.faults.pool_watch import locked
from tests.faults.producer import ACCEPTED, Reply

POOL = 5
# DB_POOL_TIMEOUT by default, and what the way there and back may take.
POOL_TIMEOUT = 1.5
REFUSED_SECONDS = POOL_TIMEOUT + 0.5
HELD_SECONDS = 2.5
AT_ONCE_SECONDS = 1.0
# Those that a slow machine serves in well under a second.
FEW = 20
UNAVAILABLE = 503
HEALTHY = 200


@pytest.mark.service
@pytest.mark.parametrize("requests", [60, pytest.param(200, marks=pytest.mark.nightly)])
async def test_f20_others_are_told_to_come_back_when_the_pool_is_exhausted(tmp_path: Path, requests: int) -> None:
    async with empty_database() as url, patient_scene(tmp_path, url, {"DB_POOL_SIZE": str(POOL)}) as stage:
        await stage.chaos.start("serve")
        await stage.prepare(1)
        async with callers(stage.chaos.port, requests) as crowd:
            warm = await _all_ask(crowd[:FEW])
            async with locked(url, "notifications"):
                asking = [asyncio.create_task(caller.notify("u0")) for caller in crowd]
                health = await _healthy_for(stage.chaos.port, HELD_SECONDS)
                done, held = await asyncio.wait(asking, timeout=0)
            released = time.monotonic()
            late = await asyncio.gather(*held)
            again = await _all_ask(crowd[:FEW])
    refused = [task.result() for task in done]
    _tell(refused=refused, health=health, held=late, again=again)
    assert {reply.status for reply in warm} == {ACCEPTED}
    # Some reached the table and wait there, as many as there are connections; the measuring of the lag needs one too.
    assert 1 <= len(late) <= POOL
    assert {reply.status for reply in refused} == {UNAVAILABLE}
    assert all(int(reply.retry_after or 0) > 0 for reply in refused)
    assert max(reply.seconds for reply in refused) <= REFUSED_SECONDS
    assert {reply.status for reply in health} == {HEALTHY}
    assert {reply.status for reply in (*late, *again)} == {ACCEPTED}
    assert max(reply.at for reply in late) - released <= AT_ONCE_SECONDS


async def _all_ask(crowd: Sequence[Caller]) -> list[Reply]:
    return list(await asyncio.gather(*(caller.notify("u0") for caller in crowd)))


async def _healthy_for(port: int, seconds: float) -> list[Reply]:
    """What a probe is told meanwhile."""
    probe, until = await connected(port), time.monotonic() + seconds
    told = []
    while time.monotonic() < until:
        told.append(await probe.ask("GET", "/health/ready"))
        await asyncio.sleep(0.1)
    probe.leave()
    return told


def _tell(**groups: Sequence[Reply]) -> None:
    for name, replies in groups.items():
        longest = max((reply.seconds for reply in replies), default=0.0)
        sys.stdout.write(f"figures {name}: {len(replies)}, longest {longest:.3f} s\n")
