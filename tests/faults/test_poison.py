"""F-14: one message ends every process that tries to send it."""

import asyncio
import sys
from pathlib import Path

import pytest

from domain.notifications.delivery_status import DeliveryStatus
from domain.shared.lease import POISON_CRASHES
from tests.faults.checker import totals, violations
from tests.faults.crash_points import POISON_EXIT
from tests.faults.scene import QUICK, WITH_FAULTS, Scene, scene

POISON = "Drink me"
# In its first batch, then among the suspects, then with a few of them, and then alone, until that is enough.
DEATHS = 1 + 1 + 1 + POISON_CRASHES
AT_ONCE = 8
FINAL_SECONDS = 90.0


@pytest.mark.parametrize("size", [40, pytest.param(500, marks=pytest.mark.nightly)])
async def test_f14_poison_ends_and_everything_else_is_sent_when_it_kills_workers(tmp_path: Path, size: int) -> None:
    async with scene(tmp_path, {**QUICK, "WORKER_LEASE": "1s"}, lease_seconds=1.0) as stage:
        await stage.chaos.start("serve")
        await stage.prepare(subscribers=10)
        worker = await stage.chaos.start("worker", "--poison", POISON, module=WITH_FAULTS)
        async with stage.chaos.kept_alive(worker):
            await _ask(stage, size)
            seconds = await stage.all_final(FINAL_SECONDS)
        stage.kills = len(worker.exit_codes)
        facts = await stage.facts()
    sys.stdout.write(f"{totals(facts)}\nall final {seconds:.1f} s after the last POST\n")
    poisoned = [delivery for delivery in facts.deliveries if delivery.status is not DeliveryStatus.SENT]
    assert [(each.status, each.reason, each.crashes) for each in poisoned] == [
        (DeliveryStatus.FAILED, "poison", POISON_CRASHES)
    ]
    assert violations(facts) == []
    assert totals(facts).lost == 0
    assert worker.exit_codes[:DEATHS] == [POISON_EXIT] * DEATHS
    assert len(worker.exit_codes) == DEATHS + 1, "it died once more than that, or was not running in the end"
    tries = [each.outcome for each in facts.attempts if each.delivery_id == poisoned[0].id]
    assert tries == ["abandoned"] * DEATHS


async def _ask(stage: Scene, size: int) -> None:
    numbers = iter(range(size))

    async def ask_on() -> None:
        for number in numbers:
            poisonous = number == size // 2
            await stage.producer.notify(
                f"post-{number}",
                [stage.subscribers[number % 10]],
                ["email"],
                title=POISON if poisonous else "Harmless",
            )

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(ask_on())
