"""F-12: a worker stands still for longer than its leases last, and then goes on as if no time had passed."""

import asyncio
from pathlib import Path

import pytest

from domain.notifications.delivery_status import DeliveryStatus
from tests.e2e.processes import eventually
from tests.faults.chaos import Part
from tests.faults.checker import totals, violations
from tests.faults.scene import Scene, scene
from tests.faults.sink import Answer

SENDS = 20
# A send may take two thirds of a lease: this one is long enough for the other one to come back in the middle of it.
LEASE_SECONDS = 6.0
SEND_SECONDS = 3.0
FINAL_SECONDS = 30.0


@pytest.mark.nightly
async def test_f12_nothing_ends_twice_when_a_frozen_worker_goes_on(tmp_path: Path) -> None:
    async with scene(tmp_path, {"WORKER_LEASE": f"{LEASE_SECONDS:g}s"}, lease_seconds=LEASE_SECONDS) as stage:
        await stage.chaos.start("serve")
        await stage.prepare(subscribers=SENDS)
        frozen = await stage.chaos.start("worker", name="frozen")
        stage.sink.answer = lambda _request: Answer(pause=0.5)
        await stage.producer.notify("to-all", stage.subscribers, ["email"])
        await eventually(stage.acted, lambda effects: effects == SENDS)
        await _freeze(stage, frozen)
        stage.sink.answer = lambda _request: Answer(pause=SEND_SECONDS)
        other = await stage.chaos.start("worker", name="other")
        await eventually(stage.acted, lambda effects: effects == 2 * SENDS)
        frozen.thaw()
        # What it has to say by now is about leases that are the other's, who still waits for its answers.
        await eventually(lambda: _lost(frozen), lambda times: times >= SENDS)
        assert "loop.lagged" in frozen.output
        await stage.all_final(FINAL_SECONDS)
        assert other.running
        await frozen.stop()
        stage.kills = 1
        facts = await stage.facts()
    assert violations(facts) == []
    assert {delivery.status for delivery in facts.deliveries} == {DeliveryStatus.SENT}
    assert totals(facts).recovered == SENDS


async def _freeze(stage: Scene, worker: Part) -> None:
    """At a moment when it does not write: SQLite would keep out everybody else for as long as it stands still."""
    worker.freeze()
    while not await stage.store.writable():
        worker.thaw()
        await asyncio.sleep(0.01)
        worker.freeze()


async def _lost(worker: Part) -> int:
    return worker.output.count("lease.lost")
