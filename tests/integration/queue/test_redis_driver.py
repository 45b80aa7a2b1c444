"""The redis driver over a server that is away, frozen, flushed and started again."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path

import pytest
from redis.asyncio import Redis
from taskiq import BrokerMessage

from application.health.ports import HealthStatus
from infrastructure.queue import redis as driver
from infrastructure.queue.health import QueueCheck
from infrastructure.queue.redis import GROUP, MOST_ENTRIES
from infrastructure.queue.taskiq import TaskiqWakeUps
from infrastructure.queue.wake_task import QUEUE_LABEL
from tests.contracts.wake_rigs import Rig, over_redis, redis_of
from tests.e2e.processes import eventually
from tests.servers.redis import NoRedis, RedisServer, client
from tests.unit.worker.world import until

pytestmark = pytest.mark.service
STREAM = "app:wake:notifications"


@pytest.fixture
async def server() -> AsyncIterator[RedisServer]:
    try:
        async with RedisServer() as started:
            yield started
    except NoRedis as error:
        pytest.skip(str(error))


@pytest.fixture
def process(server: RedisServer, tmp_path: Path) -> AbstractAsyncContextManager[Rig]:
    return over_redis(tmp_path, server.url)


async def hears(sender: Rig, receiver: Rig) -> None:
    """Send until it is heard; the sender's own loop sleeps meanwhile."""
    sender.bus.forget(sender.here)
    before = receiver.here.woken

    async def heard() -> bool:
        await sender.wake_ups.send(["notifications"])
        return receiver.here.woken > before

    await eventually(heard, seconds=15)


async def test_one_process_is_woken_by_another(process: AbstractAsyncContextManager[Rig], server: RedisServer) -> None:
    async with process as rig, over_redis(rig.folder, server.url) as other:
        await hears(rig, other)


async def test_one_of_those_who_listen_is_woken_when_there_are_several(
    process: AbstractAsyncContextManager[Rig], server: RedisServer
) -> None:
    async with process as rig, over_redis(rig.folder, server.url) as other, over_redis(rig.folder, server.url) as third:
        await hears(rig, other)
        await hears(rig, third)
        await asyncio.sleep(0.3)
        before = other.here.woken + third.here.woken

        await rig.wake_ups.send(["notifications"])

        await until(lambda: other.here.woken + third.here.woken > before)
        await asyncio.sleep(0.2)
        # The sender listens, too; its loop was told directly.
        assert other.here.woken + third.here.woken <= before + 1


async def test_wake_ups_do_not_meet_when_two_prefixes_share_a_server(
    process: AbstractAsyncContextManager[Rig], server: RedisServer
) -> None:
    async with (
        process as rig,
        over_redis(rig.folder, server.url) as twin,
        over_redis(rig.folder, server.url, "green") as foreign,
    ):
        await hears(rig, twin)
        assert foreign.here.woken == 0


async def test_stream_stays_short_when_very_much_was_sent(
    process: AbstractAsyncContextManager[Rig], server: RedisServer
) -> None:
    async with process as rig, client(server.url) as redis:
        await until_declared(redis_of(rig))
        for _ in range(5 * MOST_ENTRIES):
            await redis_of(rig).kick(message_of())

        # Trimmed by whole nodes of a hundred.
        assert await redis.xlen(STREAM) <= MOST_ENTRIES + 100


async def test_no_stream_is_made_when_nobody_listens_to_the_queue(
    process: AbstractAsyncContextManager[Rig], server: RedisServer
) -> None:
    async with process as rig, client(server.url) as redis:

        async def sent() -> float:
            await rig.wake_ups.send(["reports"])
            return rig.metrics.count("wake_ups_sent_total", queue="reports")

        await eventually(sent)

        assert await redis.exists("app:wake:reports") == 0


async def test_consumer_and_what_it_left_are_gone_when_it_is_dead(
    process: AbstractAsyncContextManager[Rig], server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(driver, "TIDY_SECONDS", 0.5)
    monkeypatch.setattr(driver, "DEAD_SECONDS", 1.0)
    async with client(server.url) as redis:
        await redis.xgroup_create(STREAM, GROUP, id="0", mkstream=True)
        await redis.xadd(STREAM, {"data": "never acknowledged"})
        await redis.xreadgroup(GROUP, "the dead", {STREAM: ">"})
        async with process:
            await eventually(lambda: consumers(redis), lambda names: b"the dead" not in names)

            assert (await redis.xpending(STREAM, GROUP))["pending"] == 0


async def test_consumer_is_gone_when_its_process_ended_in_order(
    process: AbstractAsyncContextManager[Rig], server: RedisServer
) -> None:
    async with client(server.url) as redis:
        async with process as rig:
            await until_declared(redis_of(rig))
            await redis_of(rig).kick(message_of())
            await eventually(lambda: consumers(redis), lambda names: len(names) == 1)

        assert await consumers(redis) == []


async def test_entry_is_acknowledged_when_the_queue_was_drained(
    process: AbstractAsyncContextManager[Rig], server: RedisServer
) -> None:
    async with process as rig, over_redis(rig.folder, server.url) as other, client(server.url) as redis:
        rig.here.done.clear()
        other.here.done.clear()
        await hears(rig, other)
        assert (await redis.xpending(STREAM, GROUP))["pending"] >= 1

        other.here.done.set()
        rig.here.done.set()

        await eventually(lambda: redis.xpending(STREAM, GROUP), lambda found: found["pending"] == 0)


async def test_nothing_breaks_when_there_is_something_foreign_in_the_stream(
    process: AbstractAsyncContextManager[Rig], server: RedisServer
) -> None:
    async with process as rig, over_redis(rig.folder, server.url) as other, client(server.url) as redis:
        await until_declared(redis_of(rig))
        await redis.xadd(STREAM, {"data": "{"})
        await redis.xadd(STREAM, {"else": "where"})

        await hears(rig, other)

        await eventually(lambda: redis.xpending(STREAM, GROUP), lambda found: found["pending"] == 0)


async def test_it_is_heard_again_when_the_server_was_flushed(
    process: AbstractAsyncContextManager[Rig], server: RedisServer
) -> None:
    async with process as rig, over_redis(rig.folder, server.url) as other:
        await hears(rig, other)

        await server.flush()

        await hears(rig, other)


async def test_it_is_heard_again_when_the_server_was_killed_and_started_again(
    process: AbstractAsyncContextManager[Rig], server: RedisServer
) -> None:
    async with process as rig, over_redis(rig.folder, server.url) as other:
        await hears(rig, other)
        await server.kill()
        await until(lambda: len(other.log.lines("queue.redis_lost")) == 1)
        for _ in range(3):
            await rig.wake_ups.send(["notifications"])
            await asyncio.sleep(0.05)
        await until(partial(failed, rig, 2))

        await server.start()

        await hears(rig, other)
        # A line for the first of a row.
        assert len(rig.log.lines("queue.wake_up_failed")) < rig.metrics.count(
            "wake_ups_failed_total", queue="notifications"
        )
        assert len(other.log.lines("queue.redis_lost")) == len(other.log.lines("queue.redis_back"))


async def test_process_starts_and_hears_later_when_the_server_is_away(tmp_path: Path) -> None:
    server = RedisServer()
    try:
        async with over_redis(tmp_path, server.url) as rig, over_redis(tmp_path, server.url) as other:
            await until(lambda: len(other.log.lines("queue.redis_lost")) == 1)
            try:
                await server.start()
            except NoRedis as error:
                pytest.skip(str(error))

            await hears(rig, other)
    finally:
        server.end()


async def test_sending_fails_within_its_deadline_and_recovers_when_the_server_was_frozen(
    process: AbstractAsyncContextManager[Rig], server: RedisServer
) -> None:
    async with process as rig, over_redis(rig.folder, server.url) as other:
        await hears(rig, other)
        server.freeze()
        try:
            # Each ends after its tenth of a second: with the client's own deadlines all would hang at the first.
            for count in (1, 2, 3, 4, 5):
                async with asyncio.timeout(0.5):
                    await rig.wake_ups.send(["notifications"])
                await until(partial(failed, rig, count))
        finally:
            server.thaw()

        await hears(rig, other)


async def test_health_is_degraded_without_traffic_when_the_server_is_away(
    process: AbstractAsyncContextManager[Rig], server: RedisServer
) -> None:
    async with process as rig:
        assert isinstance(rig.wake_ups, TaskiqWakeUps)
        check = QueueCheck(rig.wake_ups._sender, redis_of(rig))
        before = (await eventually(check.check, lambda found: found.status is HealthStatus.UP)).status
        await server.kill()
        lost = (await check.check()).status
        await rig.wake_ups.send(["notifications"])
        await until(partial(failed, rig, 1))
        await server.start()

        # Nobody sends: the check itself finds out.
        await eventually(check.check, lambda found: found.status is HealthStatus.UP)

        assert (before, lost, check.critical) == (HealthStatus.UP, HealthStatus.DEGRADED, False)


def failed(rig: Rig, count: int) -> bool:
    """Whether so many wake-ups at least were lost."""
    return rig.metrics.count("wake_ups_failed_total", queue="notifications") >= count


async def consumers(redis: Redis) -> list[bytes]:
    """Those who read the stream, by name."""
    return [each["name"] for each in await redis.xinfo_consumers(STREAM, GROUP)]


async def until_declared(broker: driver.RedisWakeBroker) -> None:
    """Wait until it listens to its queues; only its insides tell."""
    await until(lambda: STREAM in broker._declared)


def message_of() -> BrokerMessage:
    """One wake-up."""
    return BrokerMessage(task_id="1", task_name="carillon.wake", message=b"{", labels={QUEUE_LABEL: "notifications"})
