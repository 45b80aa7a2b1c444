"""How a worker ends."""

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
from tests.unit.worker.assembly import Note
from tests.unit.worker.world import World, all_in, until

OK = SendReport(outcome=AttemptOutcome.OK)


class Slow:
    """Sends that end when they are let go."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.began = 0
        self.cancelled = 0

    async def __call__(self, _: OutboundMessage) -> SendReport:
        self.began += 1
        try:
            await self.go.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        return OK


async def test_what_is_in_flight_ends_and_is_recorded_when_there_is_time() -> None:
    slow = Slow()
    world = World(RecordingChannel(Channel.EMAIL, reports=slow), plan={"slots": {Channel.EMAIL: 3}})
    await world.notify(8)
    worker = world.worker()
    await worker.start()
    await until(lambda: slow.began == 3)

    asyncio.get_running_loop().call_later(0.05, slow.go.set)
    await worker.stop(5)

    statuses = sorted(each.status.value for each in world.deliveries())
    assert statuses == ["pending"] * 5 + ["sent"] * 3
    assert slow.began == 3


async def test_leases_are_given_back_and_no_attempt_counts_when_time_runs_out() -> None:
    slow = Slow()
    world = World(RecordingChannel(Channel.EMAIL, reports=slow))
    deliveries = await world.notify(8)
    worker = world.worker()
    await worker.start()
    await until(lambda: slow.began == 8)

    began = time.monotonic()
    await worker.stop(0.4)

    assert time.monotonic() - began < 3
    assert slow.cancelled == 8
    for each in deliveries:
        now = world.delivery(each)
        assert (now.status, now.rounds, now.lease) == (DeliveryStatus.PENDING, 0, None)
        assert world.attempts(each) == []
        assert world.due_in(each) <= 0


async def test_another_worker_sends_what_was_given_back() -> None:
    slow = Slow()
    world = World(RecordingChannel(Channel.EMAIL, reports=slow))
    await world.notify(4)
    worker = world.worker()
    await worker.start()
    await until(lambda: slow.began == 4)
    await worker.stop(0.2)

    other = World(RecordingChannel(Channel.EMAIL), owner="worker-2", beside=world)
    async with other.working():
        await until(all_in(["sent"], other))

    assert all(each.suspicion == 0 for each in other.deliveries())


async def test_suspects_in_flight_are_given_back_too() -> None:
    slow = Slow()
    world = World(RecordingChannel(Channel.EMAIL, reports=slow))
    (delivery,) = await world.notify()
    async with world.unit_of_work() as uow:
        await uow.delivery_queue.claim(
            world.scope,
            queue="notifications",
            channel=Channel.EMAIL,
            priority=delivery.priority,
            limit=1,
            lease_seconds=1.0,
        )
        await uow.commit()
    world.clock.advance(2)
    worker = world.worker()
    await worker.start()
    await until(lambda: slow.began == 1)
    await worker.stop(0.3)

    assert world.delivery(delivery).status is DeliveryStatus.PENDING
    assert world.delivery(delivery).rounds == 0


async def test_a_job_is_given_back_uncounted_when_time_runs_out() -> None:
    began = asyncio.Event()

    async def run(_: JobRun[Note]) -> None:
        began.set()
        await asyncio.Event().wait()

    world = World()
    world.handle(run)
    job_id = await world.enqueue()
    worker = world.worker()
    await worker.start()
    await began.wait()
    assert world.job(job_id).attempts == 1
    await worker.stop(0.2)

    assert (world.job(job_id).status, world.job(job_id).attempts) == (JobStatus.PENDING, 0)


async def test_stopping_does_not_hang_and_nothing_sent_is_given_back_when_the_store_is_away() -> None:
    slow = Slow()
    world = World(RecordingChannel(Channel.EMAIL, reports=slow))
    deliveries = await world.notify(3)
    worker = world.worker()
    await worker.start()
    await until(lambda: slow.began == 3)

    async def away() -> None:
        raise Unavailable("planted")

    world.before_transaction = away
    slow.go.set()
    await until(lambda: world.log.lines("deliveries.record_failed"))
    began = time.monotonic()
    await worker.stop(0.5)
    assert time.monotonic() - began < 3

    world.before_transaction = None
    # They were sent. Given back, they would be sent again at once; as it is, their leases have to run out first.
    assert all(world.delivery(each).status is DeliveryStatus.SENDING for each in deliveries)


async def test_what_was_sent_is_not_given_back_when_its_result_cannot_be_written_in_time() -> None:
    slow = Slow()
    world = World(RecordingChannel(Channel.EMAIL, reports=slow))
    deliveries = await world.notify(3)
    worker = world.worker()
    await worker.start()
    await until(lambda: slow.began == 3)

    async def away_for_results() -> None:
        task = asyncio.current_task()
        if task is not None and task.get_name() == "worker:outcomes":
            raise Unavailable("planted")

    world.before_transaction = away_for_results
    slow.go.set()
    await until(lambda: world.log.lines("deliveries.record_failed"))
    await worker.stop(0.3)

    assert all(world.delivery(each).status is DeliveryStatus.SENDING for each in deliveries)


async def test_stopping_does_not_hang_when_the_store_hangs() -> None:
    slow = Slow()
    world = World(RecordingChannel(Channel.EMAIL, reports=slow))
    await world.notify(3)
    worker = world.worker()
    await worker.start()
    await until(lambda: slow.began == 3)

    async def hang() -> None:
        await asyncio.Event().wait()

    world.before_transaction = hang
    began = time.monotonic()
    await worker.stop(0.4)

    assert time.monotonic() - began < 3


async def test_it_works_again_when_it_is_started_again() -> None:
    world = World(RecordingChannel(Channel.EMAIL))
    worker = world.worker()
    await worker.start()
    assert set(world.bus.queues) == {"default", "notifications"}
    await worker.stop()
    assert world.bus.queues == ()
    await world.notify(3)
    await worker.start()
    await until(all_in(["sent"], world))
    await worker.stop()


async def test_who_waits_for_the_drain_is_let_go_when_nothing_more_is_claimed() -> None:
    slow = Slow()
    world = World(RecordingChannel(Channel.EMAIL, reports=slow))
    await world.notify(3)
    async with world.working() as worker:
        await until(lambda: slow.began == 3)
        waiting = asyncio.create_task(world.bus.drained("notifications"))
        await asyncio.sleep(0.05)
        assert not waiting.done()
        worker.stop_claiming()
        await asyncio.wait_for(waiting, 1)
        slow.go.set()
