"""What is done with the deliveries and jobs of dead workers."""

import asyncio
from datetime import datetime

import pytest

from application.ports.notification_channel import OutboundMessage, SendReport
from application.shared import log_events
from application.shared.job_run import JobRun
from domain.jobs.job import JobStatus
from domain.notifications.attempt import AttemptOutcome
from domain.notifications.channel import Channel
from domain.notifications.delivery import Delivery, Priority
from domain.notifications.delivery_status import DeliveryStatus
from domain.shared.lease import Suspicion
from infrastructure.memory.fixed_clock import FixedClock
from infrastructure.memory.recording_channel import RecordingChannel
from tests.unit.worker.assembly import Note
from tests.unit.worker.world import World, all_in, until

OK = SendReport(outcome=AttemptOutcome.OK)


async def die_with(world: World, number: int, lease: float = 1.0) -> None:
    """Another worker claims so many, and is heard of no more."""
    dead = World(owner="dead", beside=world)
    async with dead.unit_of_work() as uow:
        await uow.delivery_queue.claim(
            dead.scope,
            queue="notifications",
            channel=Channel.EMAIL,
            priority=Priority.NORMAL,
            limit=number,
            lease_seconds=lease,
        )
        await uow.commit()
    world.clock.advance(lease + 0.1)


async def die_as_suspect(world: World) -> None:
    """Another worker takes the suspects over, and dies with them, too."""
    async with world.unit_of_work() as uow:
        await uow.delivery_queue.claim_suspects(world.scope, queues=["notifications"], limit=50, lease_seconds=1.0)
        await uow.commit()
    world.clock.advance(1.1)


class Running(FixedClock):
    """Runs on with each look."""

    def now(self) -> datetime:
        self.advance(0.001)
        return super().now()


async def test_a_lost_try_ends_before_the_next_lease_begins_when_time_runs() -> None:
    world = World(RecordingChannel(Channel.EMAIL))
    [delivery] = await world.notify(1)
    await die_with(world, 1)
    world.clock = Running(world.clock.now())
    await world.delivery_use_cases().claim_suspect_deliveries()(["notifications"], 10)

    [lost] = world.attempts(delivery)
    leased_at = world.delivery(delivery).leased_at
    assert leased_at is not None
    assert lost.finished_at <= leased_at


async def test_suspects_are_sent_and_the_lost_try_is_kept_when_their_worker_died() -> None:
    channel = RecordingChannel(Channel.EMAIL)
    world = World(channel)
    deliveries = await world.notify(5)
    await die_with(world, 5)
    async with world.working():
        await until(all_in(["sent"], world))

    assert len(channel.sent) == 5
    for each in deliveries:
        assert [(a.outcome.value, a.provider, a.round) for a in world.attempts(each)] == [
            ("abandoned", None, 1),
            ("ok", "recording", 1),
        ]
        assert (world.delivery(each).suspicion, world.delivery(each).rounds) == (Suspicion.NONE, 1)


async def test_suspects_have_the_process_to_themselves() -> None:
    busy: set[str] = set()
    mixed: list[set[str]] = []
    suspects: set[object] = set()
    released = asyncio.Event()

    async def send(message: OutboundMessage) -> SendReport:
        kind = "suspect" if message.delivery_id in suspects else "normal"
        busy.add(kind)
        if len(busy) > 1:
            mixed.append(set(busy))
        if kind == "normal":
            await released.wait()
        await asyncio.sleep(0.01)
        busy.discard(kind)
        return OK

    world = World(RecordingChannel(Channel.EMAIL, reports=send))
    suspects |= {each.id for each in await world.notify(3)}
    await die_with(world, 3)
    first = await world.notify(3)
    async with world.working():
        await until(lambda: "normal" in busy)
        # Time for several sweeps: the suspects wait until the normal ones are through.
        await asyncio.sleep(0.1)
        assert all(world.delivery(each).status is DeliveryStatus.SENDING for each in first)
        released.set()
        await world.notify(3)
        await until(all_in(["sent"], world))

    assert mixed == []


@pytest.mark.parametrize(("crashes", "together"), [(1, 4), (2, 1)])
async def test_one_that_crashed_again_with_a_few_of_its_group_runs_alone(crashes: int, together: int) -> None:
    at_once = 0
    most = 0

    async def send(_: OutboundMessage) -> SendReport:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        await asyncio.sleep(0.005)
        at_once -= 1
        return OK

    world = World(RecordingChannel(Channel.EMAIL, reports=send))
    await world.notify(4)
    await die_with(world, 4)
    for _ in range(crashes):
        await die_as_suspect(world)
    async with world.working():
        await until(all_in(["sent"], world))

    assert most == together


async def test_it_is_poison_when_it_killed_three_workers_alone() -> None:
    channel = RecordingChannel(Channel.EMAIL)
    world = World(channel)
    (delivery,) = await world.notify()
    await die_with(world, 1)
    for _ in range(5):  # once with its group, once with a few of it, three times alone
        await die_as_suspect(world)
    async with world.working():
        await until(lambda: world.delivery(delivery).status is DeliveryStatus.FAILED)

    assert world.delivery(delivery).reason == "poison"
    assert channel.sent == ()
    (line,) = world.log.lines(log_events.DELIVERY_FAILED)
    assert {"delivery_id", "notification_id", "channel", "attempt", "error_code"} <= set(line.fields)


async def test_no_more_suspects_of_a_channel_are_sent_at_once_than_it_has_slots() -> None:
    at_once = 0
    most = 0

    async def send(_: OutboundMessage) -> SendReport:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        await asyncio.sleep(0.005)
        at_once -= 1
        return OK

    world = World(RecordingChannel(Channel.EMAIL, reports=send), plan={"slots": {Channel.EMAIL: 2, Channel.WEBHOOK: 8}})
    await world.notify(10)
    await die_with(world, 10)
    async with world.working():
        await until(all_in(["sent"], world))

    assert most == 2


async def test_leases_of_suspects_are_prolonged_while_they_run() -> None:
    go = asyncio.Event()

    async def send(_: OutboundMessage) -> SendReport:
        await go.wait()
        return OK

    world = World(RecordingChannel(Channel.EMAIL, reports=send), plan={"slots": {Channel.EMAIL: 1}})
    world.lease_seconds = 10.0
    deliveries = await world.notify(1)
    await die_with(world, 1)
    async with world.working():
        await until(lambda: world.leases.holds(deliveries[0].id, _token(world, deliveries[0])))
        for _ in range(5):
            world.clock.advance(8.0)
            await until(lambda: world.due_in(deliveries[0]) > 9.0)
        go.set()
        await until(all_in(["sent"], world))

    assert world.metrics.count("lease_lost_total", kind="deliveries") == 0


async def test_normal_work_goes_on_when_suspects_keep_coming() -> None:
    async def slow(_: OutboundMessage) -> SendReport:
        await asyncio.sleep(0.05)
        return OK

    world = World(RecordingChannel(Channel.EMAIL, reports=slow), plan={"slots": {Channel.EMAIL: 2}})
    suspects = await world.notify(12)
    await die_with(world, 12)
    await die_as_suspect(world)
    async with world.working():
        # Twelve suspects, each alone: normal work has its turns in between.
        fresh = await world.notify(4)
        await until(lambda: all(world.delivery(each).status is DeliveryStatus.SENT for each in fresh))
        assert any(world.delivery(each).status is DeliveryStatus.SENDING for each in suspects)


@pytest.mark.parametrize("crashes", [1, 6])
async def test_a_job_of_a_dead_worker_is_run_again_or_dead_when_it_is_poison(crashes: int) -> None:
    ran: list[str] = []

    async def run(run: JobRun[Note]) -> None:
        ran.append(run.payload.text)

    world = World()
    world.handle(run)
    with world.trace.scope(None, request_id="r-1"):
        job_id = await world.enqueue()
    async with world.unit_of_work() as uow:
        await uow.job_store.claim(world.scope, queue="default", priority=Priority.NORMAL, limit=1, lease_seconds=1.0)
        await uow.commit()
    world.clock.advance(1.1)
    for _ in range(crashes - 1):
        async with world.unit_of_work() as uow:
            await uow.job_store.claim_suspects(world.scope, queues=["default"], limit=5, lease_seconds=1.0)
            await uow.commit()
        world.clock.advance(1.1)
    async with world.working():
        expected = JobStatus.SUCCEEDED if crashes == 1 else JobStatus.DEAD
        await until(lambda: world.job(job_id).status is expected)

    assert ran == (["x"] if crashes == 1 else [])
    told = [line.fields["request_id"] for line in world.log.lines(log_events.JOB_DEAD_LETTERED)]
    assert told == (["r-1"] if crashes == 6 else [])


def _token(world: World, delivery: Delivery) -> int:
    lease = world.delivery(delivery).lease
    return lease.token if lease else -1
