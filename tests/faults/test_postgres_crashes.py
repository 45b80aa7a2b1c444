"""F-03: PostgreSQL ends without a checkpoint while notifications are asked for."""

import asyncio
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from domain.notifications.delivery_status import DeliveryStatus
from tests.faults.checker import totals, violations
from tests.faults.facts import Facts
from tests.faults.killing import ask, waits
from tests.faults.on_postgres import killable, patient_scene
from tests.faults.producer import ACCEPTED
from tests.faults.scene import CHANNELS, Scene
from tests.servers.postgres import PostgresServer, database

SUBSCRIBERS = 20
CRASHES = 3
UNAVAILABLE = 503
REFUSED_SECONDS = 5.0
LONGEST_SECONDS = 10.0
RECOVERY_SECONDS = 5.0
FINAL_SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much is asked for, over how many seconds; how long the server is away each time."""

    notifications: int
    seconds: float
    away_seconds: float

    @property
    def interval(self) -> float:
        """From one request to the next."""
        return self.seconds / self.notifications


SMALL = Size(notifications=120, seconds=6.0, away_seconds=0.7)
FULL = Size(notifications=5_000, seconds=120.0, away_seconds=6.0)


@pytest.mark.service
@pytest.mark.parametrize("size", [SMALL, pytest.param(FULL, marks=pytest.mark.nightly)], ids=["small", "full"])
async def test_f03_what_was_accepted_is_durable_when_postgres_crashes(tmp_path: Path, size: Size) -> None:
    async with (
        killable() as postgres,
        database(postgres.url) as url,
        patient_scene(tmp_path, url) as stage,
    ):
        await stage.chaos.start("serve")
        await stage.prepare(SUBSCRIBERS)
        await stage.chaos.start("worker")
        async with asyncio.TaskGroup() as group:
            group.create_task(ask(stage, size))
            crashing = group.create_task(_crash(stage, postgres, size))
        await stage.all_final(FINAL_SECONDS)
        facts = await stage.facts()
    replies = stage.producer.replies
    _tell(stage, facts, crashing.result())
    _nothing_is_lost(facts, size)
    # The server lives: no connection to it breaks, and what it says instead of "accepted" is "not now".
    assert stage.producer.cut == set()
    refused = [reply for reply in replies if reply.status != ACCEPTED]
    assert {reply.status for reply in refused} == {UNAVAILABLE}
    assert all(int(reply.retry_after or 0) > 0 for reply in refused)
    assert max(reply.seconds for reply in refused) <= REFUSED_SECONDS
    assert max(reply.seconds for reply in replies) <= LONGEST_SECONDS
    assert max(crashing.result()) <= RECOVERY_SECONDS


async def _crash(stage: Scene, postgres: PostgresServer, size: Size) -> list[float]:
    """How long it took each time, from when it took connections again, until one more request was accepted."""
    recoveries = []
    pause = (size.seconds - CRASHES * size.away_seconds) / (CRASHES + 1)
    for number in range(CRASHES):
        await asyncio.sleep(pause)
        await postgres.kill()
        await asyncio.sleep(size.away_seconds)
        await postgres.start()
        back = time.monotonic()
        await stage.notify(number, name="back")
        recoveries.append(time.monotonic() - back)
    return recoveries


def _nothing_is_lost(facts: Facts, size: Size) -> None:
    counted = totals(facts)
    assert violations(facts) == []
    asked = size.notifications + CRASHES
    assert (counted.posts, counted.lost, counted.unexpected) == (asked, 0, 0)
    assert all(post.answers for post in facts.posts)
    assert {delivery.status for delivery in facts.deliveries} == {DeliveryStatus.SENT}
    assert len(facts.deliveries) == asked * len(CHANNELS)


def _tell(stage: Scene, facts: Facts, recoveries: list[float]) -> None:
    replies = stage.producer.replies
    refused = max((reply.seconds for reply in replies if reply.status != ACCEPTED), default=0.0)
    again = ", ".join(f"{seconds:.3f}" for seconds in recoveries)
    sys.stdout.write(f"{totals(facts)}\n{waits(stage.producer)}\n{Counter(reply.status for reply in replies)}\n")
    sys.stdout.write(f"longest refusal {refused:.3f} s; accepting again after {again} s\n")
