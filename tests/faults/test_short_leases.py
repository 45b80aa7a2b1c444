"""F-13: leases that are shorter than the work, and workers that stand still for longer than they last."""

import asyncio
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from domain.notifications.delivery_status import DeliveryStatus
from tests.e2e.processes import eventually
from tests.faults.chaos import Part
from tests.faults.checker import totals, violations
from tests.faults.killing import ask, wait_until_busy
from tests.faults.on_postgres import empty_database, postgres_scene
from tests.faults.scene import CHANNELS, Scene
from tests.faults.sink import EMAIL, Answer, Request

SUBSCRIBERS = 20
WORKERS = 3
LEASE_SECONDS = 2.0
# One send may take no more than two thirds of a lease. A round through all relays takes longer than the lease does, and
# only the heartbeat keeps it.
SEND_SECONDS = 0.9
RELAYS = ("a", "b", "c")
# Long enough for another worker to end what it is at, which it does before it takes over what it suspects.
FROZEN_SECONDS = LEASE_SECONDS + len(RELAYS) * SEND_SECONDS + 1.0
# Mails are under way for most of the time, but not at every moment.
BUSY_SECONDS = 10.0
FINAL_SECONDS = 90.0
SETTINGS = {
    "WORKER_LEASE": f"{LEASE_SECONDS:g}s",
    "WORKER_SWEEP": "200ms",
    "NOTIFY_EMAIL_PROVIDERS": ",".join(f"relay-{name}" for name in RELAYS),
}
# Of a relay that has too much to do its breaker does not learn anything.
NOT_NOW = Answer(acts=False, pause=SEND_SECONDS, words="4.7.0 too many")


@dataclass(frozen=True, slots=True)
class Size:
    """Each notification is one mail and one webhook that workers send."""

    notifications: int
    freezes: int

    @property
    def interval(self) -> float:
        """From one request to the next, so that they last as long as the freezing."""
        return 2 * FROZEN_SECONDS * self.freezes / self.notifications


@pytest.mark.service
@pytest.mark.parametrize(
    "size", [Size(40, 2), pytest.param(Size(750, 12), marks=pytest.mark.nightly)], ids=["small", "full"]
)
async def test_f13_nothing_ends_twice_when_leases_are_shorter_than_the_work(tmp_path: Path, size: Size) -> None:
    async with empty_database() as url, postgres_scene(tmp_path, url, SETTINGS, lease_seconds=LEASE_SECONDS) as stage:
        stage.chaos.configure(_relays(stage.sink.smtp_port))
        await stage.chaos.start("serve")
        await stage.prepare(SUBSCRIBERS)
        workers = [await stage.chaos.start("worker", name=f"worker-{n}") for n in range(WORKERS)]
        stage.sink.answer = _third_time_lucky()
        async with asyncio.TaskGroup() as group:
            group.create_task(ask(stage, size))
            group.create_task(_freeze_in_turn(stage, workers, size.freezes))
        await eventually(lambda: _fenced(workers), lambda times: times > 0)
        seconds = await stage.all_final(FINAL_SECONDS)
        fenced = await _fenced(workers)
        facts = await stage.facts()
    counted = totals(facts)
    sys.stdout.write(f"{counted}\nfenced {fenced}\nall final {seconds:.1f} s after the last of it\n")
    assert violations(facts) == []
    assert (counted.posts, counted.lost, counted.unexpected) == (size.notifications, 0, 0)
    assert {delivery.status for delivery in facts.deliveries} == {DeliveryStatus.SENT}
    assert len(facts.deliveries) == size.notifications * len(CHANNELS)
    assert counted.recovered > 0


def _relays(port: int) -> dict[str, str]:
    """Three names for the same relay."""
    keys = {"DRIVER": "smtp", "HOST": "127.0.0.1", "PORT": str(port)}
    return {f"PROVIDER__RELAY_{name.upper()}__{key}": value for name in RELAYS for key, value in keys.items()}


def _third_time_lucky() -> Callable[[Request], Answer]:
    asked = Counter[str]()

    def answer(request: Request) -> Answer:
        asked[request.id] += 1
        refuses = request.channel == EMAIL and asked[request.id] < len(RELAYS)
        return NOT_NOW if refuses else Answer(pause=SEND_SECONDS)

    return answer


async def _freeze_in_turn(stage: Scene, workers: Sequence[Part], freezes: int) -> None:
    for number in range(freezes):
        worker = workers[number % len(workers)]
        await wait_until_busy(stage, worker, BUSY_SECONDS)
        worker.freeze()
        stage.kills += 1
        await asyncio.sleep(FROZEN_SECONDS)
        worker.thaw()
        await asyncio.sleep(FROZEN_SECONDS)


async def _fenced(workers: Sequence[Part]) -> int:
    """How often a worker heard that what it holds is another's by now."""
    return sum(worker.output.count("lease.lost") for worker in workers)
