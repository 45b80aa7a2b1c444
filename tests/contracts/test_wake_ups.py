"""WakeUps, over every driver that one process can hear by itself."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from application.ports.wake_ups import WakeUps
from infrastructure.queue.wake_task import TASK
from tests.contracts.wake_rigs import MARKS, RIGS, Rig


@pytest.fixture(params=[pytest.param(name, marks=MARKS.get(name, ())) for name in sorted(RIGS)])
async def rig(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Rig]:
    async with RIGS[request.param](tmp_path) as opened:
        yield opened


async def rest() -> None:
    """Longer than everything that may still be under way takes."""
    await asyncio.sleep(0.15)


async def test_the_loops_of_the_queue_are_woken_in_the_sender_s_turn(rig: Rig) -> None:
    wake_ups: WakeUps = rig.wake_ups
    await wake_ups.send(["notifications"])

    assert rig.here.woken >= 1


async def test_nobody_is_woken_for_another_queue_or_for_none(rig: Rig) -> None:
    await rig.wake_ups.send(["reports"])
    await rig.wake_ups.send([])
    await rest()

    assert rig.here.woken == 0


async def test_a_storm_stays_bounded_and_the_last_one_is_heard(rig: Rig) -> None:
    rig.here.done.clear()  # the loops never come to an end of it
    began = time.monotonic()
    for _ in range(10_000):
        await rig.wake_ups.send(["notifications"])
        await asyncio.sleep(0)
    spent = time.monotonic() - began
    await rest()

    assert len(asyncio.all_tasks()) < 20
    # One sending each 10 ms at most, whatever is asked.
    assert rig.metrics.count("wake_ups_sent_total", queue="notifications") <= spent / 0.01 + 20
    before = rig.here.woken
    await rig.wake_ups.send(["notifications"])
    assert rig.here.woken > before


async def test_it_returns_at_once_when_nobody_has_drained_yet(rig: Rig) -> None:
    rig.here.done.clear()
    async with asyncio.timeout(0.1):
        for _ in range(3):
            await rig.wake_ups.send(["notifications"])


async def test_it_never_raises_when_the_queue_has_a_name_that_no_driver_can_use(rig: Rig) -> None:
    await rig.wake_ups.send(["../../etc/passwd", "notifications"])
    await rest()

    assert rig.here.woken >= 1
    assert list(rig.folder.parent.glob("**/passwd*")) == []


async def test_it_never_raises_when_the_process_is_on_its_way_out(rig: Rig) -> None:
    await rig.supervisor.drain(0)
    await rig.wake_ups.send(["notifications"])

    assert rig.here.woken == 1


@pytest.mark.parametrize("rig", ["file", "memory", pytest.param("redis", marks=MARKS["redis"])], indirect=True)
async def test_the_task_is_the_broker_s_own_and_not_taskiq_s_global_one(rig: Rig) -> None:
    assert rig.broker is not None
    assert TASK in rig.broker.local_task_registry
    assert TASK not in rig.broker.global_task_registry
