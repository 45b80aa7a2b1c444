"""The store is away, and comes back."""

import asyncio
import time

from application.ports.notification_channel import OutboundMessage, SendReport
from application.shared.job_run import JobRun
from domain.jobs.job import JobStatus
from domain.notifications.attempt import AttemptOutcome
from domain.notifications.channel import Channel
from domain.notifications.delivery_status import DeliveryStatus
from domain.shared.errors import Unavailable
from infrastructure.memory.recording_channel import RecordingChannel
from tests.unit.worker.assembly import SWEEP, Note
from tests.unit.worker.world import World, all_in, until

OK = SendReport(outcome=AttemptOutcome.OK)


class Outage:
    """A store that is away until `over`; counts who asked."""

    def __init__(self) -> None:
        self.asked = 0

    async def __call__(self) -> None:
        self.asked += 1
        raise Unavailable("planted")


async def test_results_wait_and_are_written_once_when_the_store_is_back() -> None:
    go, began = asyncio.Event(), asyncio.Event()

    async def send(_: OutboundMessage) -> SendReport:
        began.set()
        await go.wait()
        return OK

    channel = RecordingChannel(Channel.EMAIL, reports=send)
    world = World(channel)
    await world.notify(5)
    async with world.working():
        await began.wait()
        world.before_transaction = Outage()
        go.set()
        await until(lambda: world.log.lines("deliveries.record_failed"))
        world.before_transaction = None
        await until(all_in(["sent"], world))

    assert len(channel.sent) == 5


async def test_claims_are_tried_again_with_growing_rests_and_not_all_the_time() -> None:
    world = World(RecordingChannel(Channel.EMAIL))
    outage = Outage()
    world.before_transaction = outage
    async with world.working():
        began = time.monotonic()
        for _ in range(200):
            world.bus.wake(["notifications", "default"])
            await asyncio.sleep(0.005)
        # Five loops whose rests double from 40 ms, and a look for suspects each sweep: nothing follows the wake-ups.
        assert 5 <= outage.asked <= 5 * 8 + (time.monotonic() - began) / SWEEP + 1
        world.before_transaction = None
        await world.notify()
        await until(all_in(["sent"], world), 10)


async def test_an_outcome_of_a_job_is_written_when_the_store_is_back() -> None:
    runs = 0
    outage = Outage()
    world = World()

    async def run(_: JobRun[Note]) -> None:
        nonlocal runs
        runs += 1
        world.before_transaction = outage

    world.handle(run)
    job_id = await world.enqueue()
    async with world.working():
        await until(lambda: world.log.lines("jobs.settle_failed"))
        world.before_transaction = None
        await until(lambda: world.job(job_id).status is JobStatus.SUCCEEDED)

    assert runs == 1


async def test_the_others_are_recorded_when_the_store_refuses_one_result() -> None:
    go = asyncio.Event()

    async def send(_: OutboundMessage) -> SendReport:
        await go.wait()
        return OK

    world = World(RecordingChannel(Channel.EMAIL, reports=send))
    deliveries = await world.notify(5)
    victim = deliveries[2]
    async with world.working():
        await until(all_in(["sending"], world))
        _refuse_attempts_of(world, victim.id)
        go.set()
        await until(all_in(["sent"], world))

    assert world.attempts(victim) == []
    assert all(world.attempts(each) for each in deliveries if each is not victim)


def _refuse_attempts_of(world: World, delivery_id: object) -> None:
    table = world.database.attempts
    put = table.put

    def refuse(row):  # type: ignore[no-untyped-def]
        if row.delivery_id == delivery_id:
            raise ValueError("planted")
        put(row)

    table.put = refuse  # type: ignore[method-assign]


async def test_deliveries_go_on_when_one_beat_of_the_leases_fails() -> None:
    go = asyncio.Event()
    failures = 3

    async def send(_: OutboundMessage) -> SendReport:
        await go.wait()
        return OK

    world = World(RecordingChannel(Channel.EMAIL, reports=send))
    (delivery,) = await world.notify()

    async def flaky() -> None:
        nonlocal failures
        if failures:
            failures -= 1
            raise Unavailable("planted")

    async with world.working():
        await until(all_in(["sending"], world))
        world.before_transaction = flaky
        world.clock.advance(10)
        await until(lambda: world.due_in(delivery) > 14)
        go.set()
        await until(lambda: world.delivery(delivery).status is DeliveryStatus.SENT)
