"""Workflows under way while their workers are killed: each step once, each delivery one end."""

import asyncio
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from domain.notifications.delivery_status import DeliveryStatus
from tests.faults.chaos import Part
from tests.faults.checker import totals, violations
from tests.faults.killing import KILL_SECONDS, PRODUCERS, wait_until_busy
from tests.faults.on_postgres import empty_database, postgres_scene
from tests.faults.scene import CHANNELS, LEASE_SECONDS, QUICK, Scene
from tests.faults.sink import Answer

SUBSCRIBERS = 20
WORKERS = 3
FINAL_SECONDS = 90.0
KEY = "five-steps"
STEPS: list[dict[str, Any]] = [
    {"key": "inbox", "type": "in_app", "template": {"title": "{{ payload.key }}", "body": ""}},
    {"key": "wait", "type": "delay", "delay": {"for": "1s"}},
    {"key": "mail", "type": "email", "template": {"subject": "{{ payload.key }}", "text": "To {{ subscriber.email }}"}},
    {"key": "again", "type": "delay", "delay": {"for": "1s"}},
    {"key": "hook", "type": "webhook", "template": {"title": "{{ payload.key }}"}},
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Size:
    """How many runs there are, and how often a worker is killed: one each two seconds."""

    runs: int
    kills: int

    @property
    def interval(self) -> float:
        """From one request to the next, so that they last as long as the killing."""
        return KILL_SECONDS * self.kills / self.runs


@pytest.mark.service
@pytest.mark.parametrize("size", [Size(80, 4), pytest.param(Size(10_000, 55), marks=pytest.mark.nightly)], ids=str)
async def test_every_step_is_run_once_when_workers_are_killed(tmp_path: Path, size: Size) -> None:
    async with empty_database() as url, postgres_scene(tmp_path, url, QUICK, lease_seconds=LEASE_SECONDS) as stage:
        await stage.chaos.start("serve")
        await stage.prepare(SUBSCRIBERS)
        await stage.producer.workflow(KEY, {"name": "Five steps", "steps": STEPS})
        workers = [await stage.chaos.start("worker", name=f"worker-{number}") for number in range(WORKERS)]
        await stage.chaos.start("scheduler")
        stage.sink.answer = lambda _request: Answer(delay=0.02, pause=0.1)
        async with asyncio.TaskGroup() as group:
            group.create_task(_ask(stage, size))
            group.create_task(_kill(stage, size, workers))
        seconds = await stage.all_final(FINAL_SECONDS)
        await stage.all_relayed(FINAL_SECONDS)
        facts = await stage.facts()
    counted = totals(facts)
    sys.stdout.write(f"{counted}\nall final {seconds:.1f} s after the last of it\n")
    assert violations(facts) == []
    assert (counted.posts, counted.lost, counted.unexpected) == (size.runs, 0, 0)
    assert {delivery.status for delivery in facts.deliveries} == {DeliveryStatus.SENT}
    assert len(facts.deliveries) == size.runs * len(CHANNELS)


async def _ask(stage: Scene, size: Size) -> None:
    began, numbers = time.monotonic(), iter(range(size.runs))

    async def ask_on() -> None:
        for number in numbers:
            await asyncio.sleep(max(0.0, began + number * size.interval - time.monotonic()))
            reader = stage.subscribers[number % len(stage.subscribers)]
            await stage.producer.notify(f"run-{number}", [reader], CHANNELS, fields={"workflow": KEY})

    async with asyncio.TaskGroup() as group:
        for _ in range(PRODUCERS):
            group.create_task(ask_on())


async def _kill(stage: Scene, size: Size, workers: list[Part]) -> None:
    for number in range(size.kills):
        await asyncio.sleep(KILL_SECONDS)
        worker = workers[number % len(workers)]
        await wait_until_busy(stage, worker)
        await worker.kill()
        stage.kills += 1
        worker.launch()
