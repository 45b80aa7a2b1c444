"""F-24: the embedded store under a server, two workers and a scheduler that are killed again and again."""

import asyncio
import sys
import time
from pathlib import Path

import pytest

from domain.notifications.delivery_status import DeliveryStatus
from tests.faults.checker import totals, violations
from tests.faults.killing import Size, all_caught_up, ask, following, kill, waits
from tests.faults.scene import CHANNELS, LEASE_SECONDS, QUICK, scene
from tests.faults.sink import Answer

SUBSCRIBERS = 20
FINAL_SECONDS = 30.0


SMALL = Size(
    notifications=60, worker_kills=2, server_after=frozenset({1}), environment=QUICK, lease_seconds=LEASE_SECONDS
)
# As it is installed.
FULL = Size(
    notifications=1_000,
    worker_kills=10,
    server_after=frozenset({4, 8}),
    environment={},
    lease_seconds=15.0,
    waits_for_relay=True,
)


@pytest.mark.parametrize("size", [SMALL, pytest.param(FULL, marks=pytest.mark.nightly)], ids=["small", "full"])
async def test_f24_nothing_is_lost_on_sqlite_when_processes_are_killed(tmp_path: Path, size: Size) -> None:
    async with scene(tmp_path, size.environment, lease_seconds=size.lease_seconds) as stage:
        server = await stage.chaos.start("serve")
        await stage.prepare(SUBSCRIBERS)
        workers = [await stage.chaos.start("worker", name=f"worker-{number}") for number in (1, 2)]
        await stage.chaos.start("scheduler")
        # Slow enough that something is in flight whenever somebody dies.
        stage.sink.answer = lambda _request: Answer(delay=0.05, pause=0.3)
        async with following(stage) as followers:
            async with asyncio.TaskGroup() as group:
                killing = group.create_task(kill(stage, size, server, workers))
                asking = group.create_task(ask(stage, size))
            await stage.all_final(FINAL_SECONDS)
            seconds = time.monotonic() - max(killing.result(), asking.result())
            await all_caught_up(stage, followers, FINAL_SECONDS)
            if size.waits_for_relay:
                await stage.all_relayed(FINAL_SECONDS)
            facts = await stage.facts({name: each.frames for name, each in followers.items()})
    counted = totals(facts)
    sys.stdout.write(f"{counted}\nall final {seconds:.1f} s after the last kill and POST\n{waits(stage.producer)}\n")
    assert seconds <= FINAL_SECONDS
    assert "database is locked" not in server.output
    assert violations(facts) == []
    assert (counted.posts, counted.lost, counted.unexpected) == (size.notifications, 0, 0)
    assert all(post.answers for post in facts.posts)
    assert [refusal for post in facts.posts for refusal in post.refusals] == []
    assert {delivery.status for delivery in facts.deliveries} == {DeliveryStatus.SENT}
    assert len(facts.deliveries) == size.notifications * len(CHANNELS)
    assert counted.recovered > 0
    assert any(follower.connections > 1 for follower in followers.values())
