"""Real worker processes that are killed, that kill themselves, and that are told to end."""

import time
from collections import Counter
from pathlib import Path

from infrastructure.queue.file import file_broker
from infrastructure.queue.taskiq import TaskiqWakeUps, WakeSender
from tests.integration.worker.processes import gone_in_the_end, start, start_taskiq, until_so
from tests.integration.worker.sqlite_world import SqliteWorld
from tests.integration.worker.worker_process import Effects, Orders


async def test_nothing_is_lost_when_workers_are_killed_in_the_middle(world: SqliteWorld, tmp_path: Path) -> None:
    kills, slots = 3, 5
    # A worker that lives keeps its own on a busy machine, too: what it lost would be sent twice without a kill.
    orders = Orders(folder=str(tmp_path), slots=slots, send_seconds=0.25, lease_seconds=4.0)
    effects = Effects(tmp_path)
    deliveries = await world.notify(100)
    async with gone_in_the_end([await start(orders), await start(orders)]) as workers:
        for kill in range(kills):
            await until_so(lambda seen=20 * (kill + 1): len(effects.read()) >= seen)  # type: ignore[misc]
            await workers[kill % 2].kill()
            workers[kill % 2] = await start(orders)
        await until_so(lambda: world.statuses() == {"sent": 100}, 60)
        assert [await worker.terminate() for worker in workers] == [0, 0]

    seen = Counter(effects.read())
    assert set(seen) == {str(each.id) for each in deliveries}
    assert sum(seen.values()) - len(seen) <= kills * slots
    assert world.tallied() == {"sent": 100}
    assert world.query("SELECT count(*) AS n FROM attempts WHERE outcome = 'ok'") == [{"n": 100}]


async def test_only_the_poison_dies_when_one_delivery_ends_its_worker(world: SqliteWorld, tmp_path: Path) -> None:
    deliveries = await world.notify(20)
    poison = deliveries[7]
    orders = Orders(folder=str(tmp_path), lease_seconds=1.5, send_seconds=0.02, slots=10, poison=str(poison.id))
    crashes = 0
    async with gone_in_the_end([await start(orders)]) as workers:
        while world.statuses() != {"sent": 19, "failed": 1}:
            if not workers[0].running:
                crashes += 1
                workers[0] = await start(orders)
            await until_so(lambda: not workers[0].running or world.statuses() == {"sent": 19, "failed": 1}, 30)
        assert await workers[0].terminate() == 0

    # Once with all that it was claimed with, with its group, with a few of it, and three times alone.
    assert crashes <= 6
    (dead,) = world.query("SELECT id, reason FROM deliveries WHERE status = 'failed'")
    assert (bytes(dead["id"]), dead["reason"]) == (poison.id.bytes, "poison")
    assert world.tallied() == {"sent": 19, "failed": 1}


async def test_leases_are_given_back_uncounted_when_the_process_is_told_to_end(
    world: SqliteWorld, tmp_path: Path
) -> None:
    orders = Orders(folder=str(tmp_path), slots=5, send_seconds=60.0, lease_seconds=15.0, drain_seconds=1.0)
    await world.notify(8)
    async with gone_in_the_end([await start(orders)]) as workers:
        await until_so(lambda: world.statuses()["sending"] == 5)
        began = time.monotonic()
        assert await workers[0].terminate() == 0
        assert time.monotonic() - began < 4

    assert world.statuses() == {"pending": 8}
    assert world.query("SELECT DISTINCT rounds, suspicion, lease_owner FROM deliveries") == [
        {"rounds": 0, "suspicion": 0, "lease_owner": None}
    ]
    assert world.query("SELECT count(*) AS n FROM attempts") == [{"n": 0}]


async def test_a_wake_up_of_another_process_is_enough_when_the_sweep_is_far_away(
    world: SqliteWorld, tmp_path: Path
) -> None:
    orders = Orders(folder=str(tmp_path), sweep_seconds=60.0)
    wake_through_files(world, tmp_path)
    async with gone_in_the_end([await start(orders)]) as workers:
        await world.notify(3)
        await until_so(lambda: world.statuses() == {"sent": 3}, 20)
        began = time.monotonic()
        await world.notify(3)
        await until_so(lambda: world.statuses() == {"sent": 6}, 20)
        assert time.monotonic() - began < 5
        assert await workers[0].terminate() == 0
    await world.supervisor.drain(1)


async def test_it_is_found_by_the_sweep_when_the_wake_up_is_lost(world: SqliteWorld, tmp_path: Path) -> None:
    async with gone_in_the_end([await start(Orders(folder=str(tmp_path)))]) as workers:
        await world.notify(1)
        await until_so(lambda: world.statuses() == {"sent": 1}, 20)
        # This world wakes its own process alone: nobody tells the worker of these.
        await world.notify(3)
        await until_so(lambda: world.statuses() == {"sent": 4}, 5)
        assert await workers[0].terminate() == 0


async def test_taskiq_s_own_command_runs_the_same_worker(world: SqliteWorld, tmp_path: Path) -> None:
    wake_through_files(world, tmp_path)
    await world.notify(2)
    async with gone_in_the_end([await start_taskiq(Orders(folder=str(tmp_path), sweep_seconds=60.0))]) as workers:
        await until_so(lambda: world.statuses() == {"sent": 2}, 20)
        await world.notify(3)
        await until_so(lambda: world.statuses() == {"sent": 5}, 10)
        assert await workers[0].terminate(15) == 0
    await world.supervisor.drain(1)


async def test_taskiq_s_worker_gives_leases_back_when_it_is_told_to_end(world: SqliteWorld, tmp_path: Path) -> None:
    orders = Orders(folder=str(tmp_path), slots=3, send_seconds=60.0, lease_seconds=15.0, drain_seconds=1.0)
    await world.notify(5)
    async with gone_in_the_end([await start_taskiq(orders)]) as workers:
        await until_so(lambda: world.statuses()["sending"] == 3)
        await workers[0].terminate(15)
        await until_so(lambda: world.statuses() == {"pending": 5}, 10)

    assert world.query("SELECT DISTINCT rounds FROM deliveries") == [{"rounds": 0}]


async def test_taskiq_s_worker_finishes_what_it_sends_when_taskiq_would_not_wait(
    world: SqliteWorld, tmp_path: Path
) -> None:
    orders = Orders(folder=str(tmp_path), slots=1, send_seconds=3.0, lease_seconds=15.0, drain_seconds=8.0)
    await world.notify()
    async with gone_in_the_end([await start_taskiq(orders, "--shutdown-timeout", "0.1")]) as workers:
        await until_so(lambda: world.statuses()["sending"] == 1)
        await workers[0].terminate(20)

    assert world.statuses() == {"sent": 1}


def wake_through_files(world: SqliteWorld, folder: Path) -> None:
    """Commits of this world wake the other processes."""
    sender = WakeSender(
        file_broker(folder / "jobs", "app", world.bus),
        supervisor=world.supervisor,
        metrics=lambda: world.metrics,
        log=world.logged,
    )
    world.wake_ups = TaskiqWakeUps(world.bus, sender)
