"""F-02: the server is killed while it is being asked, and who lost the answer asks again under the same key."""

import asyncio
import signal
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from domain.notifications.delivery_status import DeliveryStatus
from tests.e2e.processes import eventually
from tests.faults.chaos import Part
from tests.faults.checker import totals, violations
from tests.faults.facts import Facts
from tests.faults.killing import waits
from tests.faults.on_postgres import empty_database, patient_scene
from tests.faults.producer import by_header
from tests.faults.scene import CHANNELS, Scene

SUBSCRIBERS = 20
PRODUCERS = 16
# Of so many requests one is made twice even though the first answer came.
REPEATED = 10
FINAL_SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much is asked for, and how often the server dies meanwhile."""

    notifications: int
    kills: int

    @property
    def between(self) -> float:
        """How many are accepted from one death to the next."""
        return self.notifications / (self.kills + 1)


SMALL = Size(notifications=120, kills=3)
FULL = Size(notifications=2_000, kills=20)


@pytest.mark.service
@pytest.mark.parametrize("size", [SMALL, pytest.param(FULL, marks=pytest.mark.nightly)], ids=["small", "full"])
async def test_f02_each_key_is_stored_once_when_the_server_is_killed_in_the_middle(tmp_path: Path, size: Size) -> None:
    async with empty_database() as url, patient_scene(tmp_path, url) as stage:
        server = await stage.chaos.start("serve")
        await stage.prepare(SUBSCRIBERS)
        await stage.chaos.start("worker")
        async with asyncio.TaskGroup() as group:
            group.create_task(_ask(stage, size))
            group.create_task(_kill(stage, size, server))
        await stage.all_final(FINAL_SECONDS)
        facts = await stage.facts()
    _tell(stage, facts)
    assert violations(facts) == []
    assert (totals(facts).posts, totals(facts).lost, totals(facts).duplicated) == (size.notifications, 0, 0)
    assert len(facts.notifications) == size.notifications
    assert all(post.answers for post in facts.posts)
    assert [refusal for post in facts.posts for refusal in post.refusals] == []
    assert {delivery.status for delivery in facts.deliveries} == {DeliveryStatus.SENT}
    assert len(facts.deliveries) == size.notifications * len(CHANNELS)
    assert server.exit_codes.count(-signal.SIGKILL) == size.kills
    # Both ways to name a request were cut off in the middle, each more often than the server died.
    assert min(_cut(stage).values()) >= size.kills


async def _ask(stage: Scene, size: Size) -> None:
    """As quickly as so many backends get their answers."""
    numbers = iter(range(size.notifications))

    async def ask_on() -> None:
        for number in numbers:
            await stage.notify(number, repeats=int(number % REPEATED == 0))

    async with asyncio.TaskGroup() as group:
        for _ in range(PRODUCERS):
            group.create_task(ask_on())


async def _kill(stage: Scene, size: Size, server: Part) -> None:
    async def accepted() -> int:
        return len(stage.producer.posts)

    for number in range(1, size.kills + 1):
        await eventually(accepted, lambda count: count >= number * size.between, seconds=FINAL_SECONDS)  # noqa: B023
        await server.kill()
        server.launch()


def _cut(stage: Scene) -> Counter[str]:
    kinds = Counter({"Idempotency-Key": 0, "transactionId": 0})
    kinds.update("Idempotency-Key" if by_header(key) else "transactionId" for key in stage.producer.cut)
    return kinds


def _tell(stage: Scene, facts: Facts) -> None:
    repeated = sum(reply.replayed for reply in stage.producer.replies)
    sys.stdout.write(f"{totals(facts)}\n{waits(stage.producer)}\n")
    sys.stdout.write(f"cut off: {dict(_cut(stage))}; answered as the first one was: {repeated}\n")
