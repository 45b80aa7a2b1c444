"""Leases that are lost while the work is going on."""

import asyncio
from dataclasses import replace
from datetime import timedelta

from application.ports.notification_channel import OutboundMessage, SendReport
from application.shared.job_run import JobRun
from domain.jobs.job import JobStatus
from domain.notifications.attempt import AttemptOutcome
from domain.notifications.channel import Channel
from domain.notifications.delivery_status import DeliveryStatus
from infrastructure.memory.recording_channel import RecordingChannel
from infrastructure.memory.tables import Entry
from tests.unit.worker.assembly import Note
from tests.unit.worker.world import World, all_in, until

OK = SendReport(outcome=AttemptOutcome.OK)


async def test_the_work_is_given_up_and_nothing_is_reported_when_its_lease_is_lost() -> None:
    cancelled = asyncio.Event()

    async def hang(_: OutboundMessage) -> SendReport:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            raise
        return OK

    first = World(RecordingChannel(Channel.EMAIL, reports=hang))
    (delivery,) = await first.notify()
    # Its heart does not beat: its lease runs out and another worker takes over.
    first.heartbeat_seconds = 3600
    async with first.working():
        await until(all_in(["sending"], first))
        first.clock.advance(16)
        second = World(RecordingChannel(Channel.EMAIL), owner="worker-2", beside=first)
        async with second.working():
            await until(lambda: first.delivery(delivery).status is DeliveryStatus.SENT)
        await first.leases.beat()
        await asyncio.wait_for(cancelled.wait(), 1)

    assert [each.outcome.value for each in first.attempts(delivery)] == ["abandoned", "ok"]
    assert first.delivery(delivery).rounds == 1
    assert first.metrics.count("lease_lost_total", kind="deliveries") == 1


async def test_each_delivery_has_one_end_when_the_work_outlasts_the_lease() -> None:
    """The store's clock runs fast and no lease is prolonged: the slow one's results come too late, again and again."""

    async def slow(_: OutboundMessage) -> SendReport:
        await asyncio.sleep(0.15)
        return OK

    first = World(RecordingChannel(Channel.EMAIL, reports=slow), plan={"slots": {Channel.EMAIL: 5}})
    second = World(RecordingChannel(Channel.EMAIL), plan={"slots": {Channel.EMAIL: 1}}, owner="worker-2", beside=first)
    for world in (first, second):
        world.lease_seconds, world.heartbeat_seconds = 1.0, 3600
    async with first.working(), second.working():
        for _ in range(8):
            await first.notify(5)
            for _ in range(5):
                first.clock.advance(2.0)
                await asyncio.sleep(0.01)
        await until(all_in(["sent", "failed"], first), 10)

    fenced = sum(world.metrics.count("lease_lost_total", kind="deliveries") for world in (first, second))
    assert fenced > 0
    tallied = sum(row.change.sent + row.change.failed for row in first.database.tallies.committed.all())
    assert tallied == 40


async def test_a_job_is_not_settled_by_who_lost_its_lease() -> None:
    go = asyncio.Event()
    runs: list[int] = []

    async def run(run: JobRun[Note]) -> None:
        runs.append(run.attempt)
        await go.wait()

    world = World()
    world.handle(run)
    world.heartbeat_seconds = 3600
    job_id = await world.enqueue()
    async with world.working():
        await until(lambda: runs == [1])
        world.clock.advance(16)
        async with world.unit_of_work() as uow:
            (taken,) = await uow.job_store.claim_suspects(world.scope, queues=["default"], limit=1, lease_seconds=3600)
            await uow.commit()
        go.set()
        await until(lambda: world.metrics.count("lease_lost_total", kind="jobs") == 1)

    assert world.job(job_id).status is JobStatus.RUNNING
    assert world.job(job_id).lease == taken.lease


async def test_a_long_send_keeps_its_lease() -> None:
    go = asyncio.Event()

    async def send(_: OutboundMessage) -> SendReport:
        await go.wait()
        return OK

    world = World(RecordingChannel(Channel.EMAIL, reports=send))
    (delivery,) = await world.notify()
    async with world.working():
        await until(all_in(["sending"], world))
        for _ in range(4):
            world.clock.advance(12)
            await until(lambda: world.due_in(delivery) > 14)
        go.set()
        await until(lambda: world.delivery(delivery).status is DeliveryStatus.SENT)

    assert [each.outcome.value for each in world.attempts(delivery)] == ["ok"]


async def test_its_handler_learns_of_it_within_a_heartbeat_when_a_running_job_is_cancelled() -> None:
    world = World(plan={"job_slots": 2})
    cancelled, release = asyncio.Event(), asyncio.Event()

    async def hang(_: JobRun[Note]) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    async def patient(_: JobRun[Note]) -> None:
        await release.wait()

    world.handle(hang)
    world.handle(patient, "notes.wait")
    beside, job_id = await world.enqueue("notes.wait"), await world.enqueue()
    async with world.working():
        await until(lambda: len(world.log.lines("job.started")) == 2)
        async with world.unit_of_work() as uow:
            assert await uow.jobs.cancel("default", job_id, world.clock.now())
            await uow.commit()
        await asyncio.wait_for(cancelled.wait(), 2)
        # Its slot is free although the one claimed with it still runs.
        world.handle(patient, "notes.next")
        third = await world.enqueue("notes.next")
        await until(lambda: world.job(third).status is JobStatus.RUNNING)
        release.set()
        await until(lambda: world.job(beside).status is JobStatus.SUCCEEDED)

    assert world.job(job_id).status is JobStatus.CANCELLED
    assert (world.job(job_id).lease, world.job(job_id).finished_at) == (None, world.clock.now())


async def test_its_slot_is_free_when_a_lease_is_lost_while_others_of_its_batch_go_on() -> None:
    release = asyncio.Event()
    asked: list[str] = []

    async def hang(message: OutboundMessage) -> SendReport:
        asked.append(str(message.delivery_id))
        await release.wait()
        return OK

    world = World(RecordingChannel(Channel.EMAIL, reports=hang), plan={"slots": {Channel.EMAIL: 2}})
    world.heartbeat_seconds = 3600
    lost, _ = await world.notify(2)
    async with world.working():
        await until(lambda: len(asked) == 2)
        leased = world.delivery(lost)
        assert leased.lease is not None
        taken = replace(leased, lease=replace(leased.lease, owner="worker-2", token=leased.lease.token + 100))
        async with world.unit_of_work() as uow:
            world.database.deliveries.put(Entry(taken, world.clock.now() + timedelta(seconds=60)))
            await uow.commit()
        await world.leases.beat()
        (third,) = await world.notify()
        await until(lambda: str(third.id) in asked)
        release.set()
        await until(lambda: world.delivery(third).status is DeliveryStatus.SENT)
