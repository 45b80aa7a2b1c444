"""F-11: a process with open streams and sends in flight is told to end."""

import asyncio
import sys
import time
from pathlib import Path

import pytest

from domain.notifications.delivery_status import DeliveryStatus
from tests.e2e.processes import eventually
from tests.faults.chaos import Part
from tests.faults.checker import totals, violations
from tests.faults.scene import WITH_FAULTS, Scene, scene
from tests.faults.sink import Answer
from tests.integration.sse.raw_client import Browser, RawClient, browsing

SENDS = 100
EXIT_SECONDS = 10.0
FINAL_SECONDS = 30.0
# Room for all of them at once, and patience beyond the end of the process.
ENVIRONMENT = {
    "WORKER_SLOTS_WEBHOOK": str(SENDS),
    "WORKER_LEASE": "120s",
    "WORKER_SEND_TIMEOUT": "60s",
    "EGRESS_TIMEOUT": "60s",
    "SSE_MAX_PER_SUBSCRIBER": "0",
}
# What was not begun before the end is not done at all.
NEVER = Answer(delay=300.0)
FOLLOWED = 10


@pytest.mark.parametrize("streams", [50, pytest.param(500, marks=pytest.mark.nightly)])
async def test_f11_it_ends_in_time_and_gives_back_what_is_in_flight_when_it_is_told_to(
    tmp_path: Path, streams: int
) -> None:
    witness = tmp_path / "stopped.txt"
    async with scene(tmp_path, ENVIRONMENT, lease_seconds=120.0) as stage:
        process = await stage.chaos.start("all", "--witness", str(witness), module=WITH_FAULTS)
        await stage.prepare(subscribers=SENDS)
        stage.sink.answer = lambda _request: NEVER
        async with browsing(stage.chaos.port) as browser:
            clients = await _follow(stage, browser, streams)
            readers = [client.read_in_background() for client in clients]
            await _begin_sends(stage)
            seconds, code = await _told_to_end(process)
            await asyncio.wait_for(asyncio.gather(*readers), EXIT_SECONDS)
        stopped = await stage.facts()
        stage.sink.answer = lambda _request: Answer()
        await process.start()
        await stage.all_final(FINAL_SECONDS)
        facts = await stage.facts()
    sys.stdout.write(f"ended after {seconds:.1f} s\n{totals(facts)}\n")
    assert code == 0
    assert seconds <= EXIT_SECONDS
    assert witness.read_text() == "stopped\n"
    assert [client.names[-1] for client in clients] == ["shutdown"] * streams
    assert {(each.status, each.rounds) for each in stopped.deliveries} == {(DeliveryStatus.PENDING, 0)}
    assert (stopped.attempts, stopped.leases) == ([], [])
    assert violations(facts) == []
    assert (totals(facts).lost, totals(facts).duplicated, len(facts.deliveries)) == (0, 0, SENDS)


async def _follow(stage: Scene, browser: Browser, streams: int) -> list[RawClient]:
    tokens = [await stage.producer.token(name) for name in stage.subscribers[:FOLLOWED]]
    return [await browser.follow(token=tokens[number % len(tokens)]) for number in range(streams)]


async def _begin_sends(stage: Scene) -> None:
    await stage.producer.notify("to-all", stage.subscribers, ["webhook"])

    async def asked() -> int:
        return stage.sink.asked

    await eventually(asked, lambda count: count == SENDS)


async def _told_to_end(process: Part) -> tuple[float, int]:
    began = time.monotonic()
    code = await process.stop(3 * EXIT_SECONDS)
    return time.monotonic() - began, code
