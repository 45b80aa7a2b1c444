"""F-21: clients leave, or their time runs out, at random moments of their requests."""

import asyncio
import random
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import pytest

from tests.e2e.processes import eventually
from tests.faults.caller import NOTIFICATIONS, connected, message
from tests.faults.on_postgres import empty_database, patient_scene
from tests.faults.pool_watch import in_use, locked, watching
from tests.faults.producer import ACCEPTED

POOL = 5
# The one that health checks keep for themselves.
APART = 1
AT_ONCE = 50
LONGEST_STAY = 0.2
IDLE_SECONDS = 1.0
LOOK_AGAIN_SECONDS = 15.0
AFTERWARDS = 20
# Short enough to end in the middle of a request that has to wait, for a connection or for a table.
OUT_OF_TIME = {"REQUEST_TIMEOUT": "300ms"}
LOCKED_SECONDS = 0.3
TOO_LATE = 504

Ask = Callable[[int, int], Awaitable[int]]


async def leaves(port: int, number: int) -> int:
    """Goes away at some time after it has asked, whether it was answered or not."""
    caller = await connected(port)
    method, path, body = _request(number)
    caller.send(method, path, body)
    await asyncio.sleep(random.uniform(0, LONGEST_STAY))  # noqa: S311 - a moment, not a key
    caller.leave()
    return 0


async def waits(port: int, number: int) -> int:
    """Stays for the answer, which the server itself may give up on; its status."""
    caller = await connected(port)
    try:
        return (await caller.ask(*_request(number))).status
    finally:
        caller.leave()


def _request(number: int) -> tuple[str, str, Mapping[str, object] | None]:
    """Mostly writing, in transactions that hold a connection; some reading."""
    if number % 4 == 0:
        return "GET", NOTIFICATIONS, None
    return "POST", NOTIFICATIONS, message("u0")


@pytest.mark.service
@pytest.mark.parametrize("requests", [100, pytest.param(500, marks=pytest.mark.nightly)])
@pytest.mark.parametrize(("ask", "environment"), [(leaves, {}), (waits, OUT_OF_TIME)], ids=["leave", "out-of-time"])
async def test_f21_every_connection_is_given_back_when_requests_are_cut_short(
    tmp_path: Path, requests: int, ask: Ask, environment: Mapping[str, str]
) -> None:
    async with (
        empty_database() as url,
        patient_scene(tmp_path, url, {"DB_POOL_SIZE": str(POOL), **environment}) as stage,
    ):
        server = await stage.chaos.start("serve")
        await stage.prepare(1)
        async with watching(url) as seen:
            statuses = await _storm(stage.chaos.port, url, requests, ask)
            held = await eventually(
                lambda: in_use(stage.chaos.base_url), lambda pools: not any(pools.values()), LOOK_AGAIN_SECONDS
            )
            for _ in range(AFTERWARDS):
                await eventually(lambda: _status(stage.chaos.port), lambda status: status == ACCEPTED)
            await asyncio.sleep(IDLE_SECONDS)
        assert server.running
    sys.stdout.write(f"figures {statuses}; {seen}; in use {held}\n")
    assert set(held) == {"writer", "health"}
    assert seen.most <= POOL + APART
    assert seen.longest_idle <= IDLE_SECONDS
    if environment:
        # Else no request would have been given up while it was at work.
        assert statuses[TOO_LATE] > 0


async def _storm(port: int, url: str, requests: int, ask: Ask) -> Counter[int]:
    """So many requests, fifty at a time, while the table that they write to can be reached now and then."""
    numbers = iter(range(requests))

    async def ask_on() -> list[int]:
        return [await ask(port, number) for number in numbers]

    locking = asyncio.create_task(_lock_now_and_then(url))
    asked = await asyncio.gather(*(ask_on() for _ in range(AT_ONCE)))
    locking.cancel()
    await asyncio.gather(locking, return_exceptions=True)
    return Counter(status for statuses in asked for status in statuses)


async def _lock_now_and_then(url: str) -> None:
    while True:
        async with locked(url, "notifications"):
            await asyncio.sleep(LOCKED_SECONDS)
        await asyncio.sleep(LOCKED_SECONDS)


async def _status(port: int) -> int:
    return await waits(port, 1)
