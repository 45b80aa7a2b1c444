"""Forgetting what has served its time, and measuring how far deliveries are behind."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from application.jobs.held_lease import HeldLease
from application.jobs.periodic import Periodic
from application.maintenance.sweep_expired import PAGE, RetentionRules, SweepExpired
from application.notifications.channel_policy import ChannelPolicy
from application.notifications.intake import IntakeGauge
from application.notifications.measure_intake_lag import MeasureIntakeLag
from application.shared.job_run import JobRun
from domain.jobs.job import Job, JobStatus
from domain.notifications.channel import Channel
from domain.notifications.errors import IntakeOverloaded
from domain.shared.errors import Unavailable
from infrastructure.memory.tables import Entry
from tests.unit.worker.assembly import QUEUE, SCHEDULE, Note
from tests.unit.worker.relays import Relay
from tests.unit.worker.world import World, until

DAY = 86_400


def sweep(world: World, rules: RetentionRules | None = None) -> SweepExpired:
    return SweepExpired(
        unit_of_work=world.unit_of_work,
        scope=world.scope,
        rules=rules or RetentionRules(),
        lease=HeldLease("scheduler"),
        log=world.log,
        metrics=world.metrics,
    )


async def finished_jobs(world: World, number: int) -> None:
    async def run(_: JobRun[Note]) -> None: ...

    world.handle(run)
    for _ in range(number):
        await world.enqueue()
    async with world.working():
        await until(lambda: all(entry.item.status is JobStatus.SUCCEEDED for entry in _jobs(world)))


def _jobs(world: World) -> Sequence[Entry[Job]]:
    return world.database.jobs.committed.all()


async def test_finished_jobs_go_when_they_are_old_and_stay_when_they_are_not() -> None:
    world = World()
    await finished_jobs(world, 3)
    world.clock.advance(DAY - 60)
    assert (await sweep(world)())["jobs"] == 0
    world.clock.advance(120)
    await world.enqueue(name="notes.later", delay=60.0)
    assert (await sweep(world)())["jobs"] == 3

    assert len(_jobs(world)) == 1
    assert world.metrics.count("rows_expired_total", kind="jobs") == 3
    assert world.log.lines("maintenance.swept")[0].fields["jobs"] == 3


async def test_events_stay_until_every_consumer_has_seen_them() -> None:
    relay = Relay(World())
    await relay.append("a", "b")
    relay.world.clock.advance(40 * DAY)
    assert (await sweep(relay.world)())["events"] == 0
    await relay.events()()

    assert (await sweep(relay.world)())["events"] == 2


async def test_more_than_a_page_goes_in_one_turn() -> None:
    relay = Relay(World())
    await relay.append(*(str(number) for number in range(PAGE + 20)))
    for _ in range(12):  # listeners take fifty at once
        relay.world.clock.advance(1)
        await relay.events()()
    relay.world.clock.advance(40 * DAY)

    assert (await sweep(relay.world)())["events"] == PAGE + 20


async def test_nothing_goes_when_another_process_is_the_scheduler() -> None:
    world = World()
    await finished_jobs(world, 1)
    world.clock.advance(2 * DAY)
    other = World(owner="other", beside=world)
    async with other.unit_of_work() as uow:
        await uow.leases.acquire(other.scope, "scheduler", 60)
        await uow.commit()

    assert await sweep(world)() == {}
    assert len(_jobs(world)) == 1


async def test_the_other_kinds_go_when_one_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(*_: object) -> int:
        raise RuntimeError("planted")

    world = World()
    await finished_jobs(world, 2)
    world.clock.advance(2 * DAY)
    monkeypatch.setattr("infrastructure.memory.retention.MemoryRetention.forget_tickets", refuse)
    gone = await sweep(world)()

    assert gone["jobs"] == 2
    assert "tickets" not in gone
    assert world.log.lines("maintenance.sweep_failed")[0].fields["kind"] == "tickets"


def measure(world: World, gauge: IntakeGauge) -> MeasureIntakeLag:
    return MeasureIntakeLag(
        unit_of_work=world.unit_of_work,
        scope=world.scope,
        policies={channel: ChannelPolicy(queue=QUEUE, schedule=SCHEDULE) for channel in Channel},
        gauge=gauge,
        metrics=world.metrics,
    )


async def test_intake_is_refused_when_the_oldest_due_delivery_waits_too_long() -> None:
    world, gauge = World(), IntakeGauge(max_lag=300)
    await world.notify()
    world.clock.advance(301)
    await world.notify()
    await measure(world, gauge)()

    assert gauge.lags[Channel.EMAIL] == 301
    assert gauge.lags[Channel.WEBHOOK] == 0
    gauge.refuse_when_behind([Channel.WEBHOOK, Channel.IN_APP])
    with pytest.raises(IntakeOverloaded):
        gauge.refuse_when_behind([Channel.EMAIL])
    assert world.metrics.level("delivery_lag_seconds", channel="email") == 301


async def test_the_last_measurement_stays_when_the_store_is_away() -> None:
    world, gauge = World(), IntakeGauge(max_lag=300)
    await world.notify()
    world.clock.advance(10)
    loop = Periodic("intake", measure(world, gauge), seconds=0.01, ports=world.ports)
    await loop.start()
    await until(lambda: gauge.lags.get(Channel.EMAIL) == 10)

    async def away() -> None:
        raise Unavailable("planted")

    world.before_transaction = away
    world.clock.advance(10)
    await until(lambda: len(world.log.lines("periodic.turn_failed")) >= 2)
    assert gauge.lags[Channel.EMAIL] == 10
    world.before_transaction = None
    await until(lambda: gauge.lags.get(Channel.EMAIL) == 20)
    await loop.stop()


async def test_what_is_not_due_yet_does_not_count() -> None:
    world, gauge = World(), IntakeGauge(max_lag=300)
    await world.notify(expires_at=world.clock.now() + timedelta(days=1))
    await measure(world, gauge)()

    assert gauge.lags[Channel.EMAIL] == 0
