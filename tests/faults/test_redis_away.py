"""F-04, F-05, F-06: Redis is killed, absent, frozen and emptied while notifications are asked for and sent."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID

import httpx
import pytest

from domain.notifications.delivery_status import DeliveryStatus
from tests.e2e.processes import eventually
from tests.faults.checker import totals, violations
from tests.faults.facts import Facts
from tests.faults.killing import all_caught_up, ask, following, waits
from tests.faults.scene import CHANNELS, Scene, scene
from tests.servers.redis import NoRedis, RedisServer

pytestmark = pytest.mark.service
SUBSCRIBERS = 20
FINAL_SECONDS = 60.0
# The sweep is each second; the rest is for the way of one delivery.
LATE_SECONDS = 2.0
WAIT_SECONDS = 1.5

# Nobody is killed: a worker that is only slow must not lose what it has in its hands.
PATIENT_LEASE = 60.0
PATIENT = {"WORKER_LEASE": f"{PATIENT_LEASE:g}s"}

Fault = Callable[[RedisServer, "Size"], Coroutine[None, None, None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much is asked for, over how many seconds, in the middle of which the fault lies; `timed` where the machine is
    one's own.
    """

    notifications: int
    seconds: float
    fault_seconds: float
    environment: Mapping[str, str]
    lease_seconds: float
    workers: int = 1
    timed: bool = False

    @property
    def interval(self) -> float:
        """From one request to the next."""
        return self.seconds / self.notifications


def full(notifications: int, seconds: float, fault_seconds: float = 5.0) -> Size:
    """As it is installed."""
    return Size(
        notifications=notifications,
        seconds=seconds,
        fault_seconds=fault_seconds,
        environment={},
        lease_seconds=15.0,
        workers=2,
        timed=True,
    )


SMALL = Size(notifications=45, seconds=9.0, fault_seconds=1.0, environment=PATIENT, lease_seconds=PATIENT_LEASE)


async def killed_twice(redis: RedisServer, size: Size) -> None:
    """And away for a while after each."""
    for _ in range(2):
        await asyncio.sleep(size.seconds / 6)
        await redis.kill()
        await asyncio.sleep(size.fault_seconds)
        await redis.start()


async def frozen(redis: RedisServer, size: Size) -> None:
    """It takes connections and answers nothing."""
    await asyncio.sleep((size.seconds - size.fault_seconds) / 2)
    redis.freeze()
    try:
        await asyncio.sleep(size.fault_seconds)
    finally:
        redis.thaw()


async def emptied(redis: RedisServer, size: Size) -> None:
    """Again and again."""
    for _ in range(4):
        await asyncio.sleep(size.seconds / 5)
        await redis.flush()


async def nothing(_redis: RedisServer, _size: Size) -> None:
    """For a server that was never there."""


async def everything(redis: RedisServer, size: Size) -> None:
    """One after the other: killed twice, frozen, emptied."""
    third = replace(size, seconds=size.seconds / 3)
    await killed_twice(redis, third)
    await frozen(redis, third)
    await emptied(redis, third)


async def endure(folder: Path, redis: RedisServer, size: Size, fault: Fault) -> Scene:
    """Ask for everything while the fault happens; whatever Redis does, nothing is lost, refused or sent twice."""
    environment = {"QUEUE_DRIVER": "redis", "REALTIME_DRIVER": "redis", "REDIS_URL": redis.url, **size.environment}
    async with scene(folder, environment, lease_seconds=size.lease_seconds) as stage:
        await stage.chaos.start("serve")
        await stage.prepare(SUBSCRIBERS)
        for number in range(size.workers):
            await stage.chaos.start("worker", name=f"worker-{number}")
        async with following(stage) as followers:
            async with asyncio.TaskGroup() as group:
                group.create_task(fault(redis, size))
                group.create_task(ask(stage, size))
            left = await stage.all_final(FINAL_SECONDS)
            await all_caught_up(stage, followers, FINAL_SECONDS)
            facts = await stage.facts({name: each.frames for name, each in followers.items()})
        await _degraded_while_away(stage, redis)
    late = delays(facts)
    sys.stdout.write(f"{totals(facts)}\nall final {left:.1f} s after the last POST\n{waits(stage.producer)}\n")
    sys.stdout.write(f"sent after: median {late[len(late) // 2]:.3f} s, p95 {late[len(late) * 95 // 100]:.3f} s\n")
    _nothing_is_wrong(facts, size)
    if size.timed:
        assert late[len(late) * 95 // 100] <= LATE_SECONDS
        # A longer fault lasts for more than a hundredth of the requests.
        assert sorted(stage.producer.waits)[len(stage.producer.waits) * 99 // 100] <= WAIT_SECONDS
    return stage


def _nothing_is_wrong(facts: Facts, size: Size) -> None:
    counted = totals(facts)
    assert violations(facts) == []
    assert (counted.posts, counted.lost, counted.unexpected) == (size.notifications, 0, 0)
    assert all(post.answers for post in facts.posts)
    assert [refusal for post in facts.posts for refusal in post.refusals] == []
    assert {delivery.status for delivery in facts.deliveries} == {DeliveryStatus.SENT}
    assert len(facts.deliveries) == size.notifications * len(CHANNELS)


async def _degraded_while_away(stage: Scene, redis: RedisServer) -> None:
    """200 in any case; degraded for the queue alone, as long as Redis is away."""
    if redis.running:
        await eventually(lambda: health(stage), lambda found: found == (200, "up", "up"))
        await redis.kill()
    await eventually(lambda: health(stage), lambda found: found == (200, "degraded", "degraded"))


async def health(stage: Scene) -> tuple[int, str, str]:
    """The answer's status, what it says of all, and what of the queue."""
    async with httpx.AsyncClient(trust_env=False) as asking:
        answer = await asking.get(f"{stage.chaos.base_url}/health/ready")
    body = answer.json()
    return answer.status_code, body["status"], body["checks"]["queue"]["status"]


def delays(facts: Facts) -> list[float]:
    """For each effect the seconds since its notification was accepted, the shortest first."""
    accepted = {str(each.id): _milliseconds(each.notification_id) / 1_000 for each in facts.deliveries}
    return sorted(effect.at - accepted[str(effect.id)] for effect in facts.effects)


def _milliseconds(id: UUID) -> int:  # noqa: A002 - it is one
    """When it was made: ids begin with their time."""
    return id.int >> 80


@asynccontextmanager
async def served() -> AsyncIterator[RedisServer]:
    """A server of the test's own."""
    try:
        async with RedisServer() as redis:
            yield redis
    except NoRedis as error:
        pytest.skip(str(error))


async def test_nothing_is_lost_when_redis_is_killed_and_frozen_and_emptied(tmp_path: Path) -> None:
    async with served() as redis:
        await endure(tmp_path, redis, SMALL, everything)


@pytest.mark.parametrize(
    "size",
    [replace(SMALL, notifications=20, seconds=2.0), pytest.param(full(5_000, 150.0), marks=pytest.mark.nightly)],
    ids=["small", "full"],
)
async def test_f04_nothing_is_lost_when_redis_is_never_there(tmp_path: Path, size: Size) -> None:
    await endure(tmp_path, RedisServer(), size, nothing)


@pytest.mark.nightly
@pytest.mark.parametrize(
    ("size", "fault"),
    [
        pytest.param(full(5_000, 150.0), killed_twice, id="f04-killed-twice"),
        pytest.param(full(4_000, 80.0, fault_seconds=30.0), frozen, id="f05-frozen"),
        pytest.param(full(1_000, 30.0), emptied, id="f06-emptied"),
    ],
)
async def test_nothing_is_lost_or_late_when_redis_is_not_itself(tmp_path: Path, size: Size, fault: Fault) -> None:
    async with served() as redis:
        await endure(tmp_path, redis, size, fault)
