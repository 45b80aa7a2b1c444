"""Jobs from their queue to their end, through a running worker."""

import asyncio
from dataclasses import dataclass
from functools import partial
from uuid import UUID

import pytest

from application.shared import log_events
from application.shared.job_run import Again, JobRun
from domain.jobs.job import JobStatus
from domain.notifications.delivery import Priority
from domain.shared.errors import Conflict
from infrastructure.observability.memory_log import LoggedEvent
from tests.unit.worker.assembly import Note
from tests.unit.worker.world import World, until

PROMISED = {"job_id", "job", "queue", "attempt"}


@dataclass(frozen=True, slots=True)
class Other:
    """A payload that no note can be read as."""

    number: int


async def fail(_: JobRun[Note]) -> None:
    raise ValueError("password=hunter2 is wrong")


async def test_it_succeeds_and_says_so_when_its_handler_returns() -> None:
    seen: list[JobRun[Note]] = []

    async def run(run: JobRun[Note]) -> None:
        seen.append(run)

    world = World()
    world.handle(run)
    job_id = await world.enqueue(payload=Note("hello"))
    async with world.working():
        await until(lambda: world.job(job_id).status is JobStatus.SUCCEEDED)

    assert [(each.job_id, each.payload, each.attempt) for each in seen] == [(job_id, Note("hello"), 1)]
    (started,), (ended,) = world.log.lines(log_events.JOB_STARTED), world.log.lines(log_events.JOB_SUCCEEDED)
    assert set(started.fields) >= PROMISED
    assert set(ended.fields) >= PROMISED | {"duration_ms"}
    assert started.fields["job_id"] == str(job_id)


async def test_it_is_retried_with_doubling_waits_and_then_dead_when_it_keeps_failing() -> None:
    world = World()
    world.handle(fail)
    job_id = await world.enqueue(max_attempts=3)
    async with world.working():
        for attempt, wait in ((1, 3.0), (2, 6.0)):
            await until(partial(_waits, world, job_id, attempt))
            assert world.job_due_in(job_id) == wait
            world.clock.advance(wait)
        await until(lambda: world.job(job_id).status is JobStatus.DEAD)

    assert world.job(job_id).attempts == 3
    assert world.job(job_id).last_error == "ValueError: password=*** is wrong"
    _promises_kept(world.log.lines(log_events.JOB_FAILED), 3)
    _promises_kept(world.log.lines(log_events.JOB_RETRYING), 2)
    _promises_kept(world.log.lines(log_events.JOB_DEAD_LETTERED), 1)


async def test_the_code_of_our_own_errors_is_logged() -> None:
    class Taken(Conflict):
        """Taken"""

        code = "notes.taken"

    async def run(_: JobRun[Note]) -> None:
        raise Taken

    world = World()
    world.handle(run)
    job_id = await world.enqueue(max_attempts=1)
    async with world.working():
        await until(lambda: world.job(job_id).status is JobStatus.DEAD)

    assert world.log.lines(log_events.JOB_FAILED)[0].fields["error_code"] == "notes.taken"


@pytest.mark.parametrize("case", ["unknown name", "undecodable payload", "newer version"])
async def test_it_waits_for_a_worker_that_knows_it_and_is_kept_whole_when_none_comes(case: str) -> None:
    ran: list[object] = []

    async def run(run: JobRun[Note]) -> None:
        ran.append(run)

    world = World()
    world.handle(run)
    changes = {
        "unknown name": {"name": "notes.burn", "payload": Note("ashes")},
        "undecodable payload": {"payload": Other(7)},
        "newer version": {"payload": Note("later"), "schema_version": 2},
    }
    if case == "undecodable payload":
        world.handle(run, payload=int)
    job_id = await world.enqueue(**changes[case])  # type: ignore[arg-type]
    raw = world.job(job_id).payload
    waits: list[float] = []
    async with world.working():
        for times in range(1, 8):
            await until(partial(_was_given_back_unread, world, job_id, times))
            waits.append(world.job_due_in(job_id))
            world.clock.advance(waits[-1])
        await until(lambda: world.job(job_id).status is JobStatus.DEAD)

    assert waits == [5.0 * 2**step for step in range(7)]
    assert world.job(job_id).payload == raw
    assert ran == []
    _promises_kept(world.log.lines(log_events.JOB_DEAD_LETTERED), 1)


async def test_a_worker_that_knows_it_runs_it_when_an_older_one_did_not() -> None:
    world = World()
    job_id = await world.enqueue()
    async with world.working():
        for times in range(1, 4):
            await until(partial(_was_given_back_unread, world, job_id, times))
            world.clock.advance(world.job_due_in(job_id) if times < 3 else 0)
        assert world.job(job_id).attempts == 0, "tries of a worker that does not know it are not counted"

        async def run(_: JobRun[Note]) -> None: ...

        world.handle(run)
        world.clock.advance(world.job_due_in(job_id))
        await until(lambda: world.job(job_id).status is JobStatus.SUCCEEDED)


async def test_it_has_failed_when_it_outlives_its_timeout() -> None:
    async def hang(_: JobRun[Note]) -> None:
        await asyncio.Event().wait()

    world = World()
    world.handle(hang)
    job_id = await world.enqueue(timeout=0.05)
    async with world.working():
        await until(lambda: _waits(world, job_id, 1))

    assert world.job(job_id).last_error == "JobTimedOut: timed out after 0.05 s"
    assert world.log.lines(log_events.JOB_FAILED)[0].fields["error_code"] == "jobs.timed_out"


async def test_it_has_not_timed_out_when_something_within_it_has() -> None:
    async def run(_: JobRun[Note]) -> None:
        raise TimeoutError("the relay did not answer")

    world = World()
    world.handle(run)
    job_id = await world.enqueue()
    async with world.working():
        await until(lambda: _waits(world, job_id, 1))

    assert world.job(job_id).last_error == "TimeoutError: the relay did not answer"


async def test_it_has_failed_when_a_cancellation_that_nobody_asked_for_comes_out_of_it() -> None:
    runs = 0

    async def run(_: JobRun[Note]) -> None:
        nonlocal runs
        runs += 1
        raise asyncio.CancelledError

    world = World()
    world.handle(run)
    job_id = await world.enqueue()
    async with world.working():
        await until(lambda: _waits(world, job_id, 1))

    assert runs == 1
    assert world.log.lines(log_events.JOB_FAILED)[0].fields["error_code"] == "jobs.broke_off"


async def test_no_try_is_counted_when_it_asks_to_be_run_again() -> None:
    attempts: list[int] = []

    async def run(run: JobRun[Note]) -> Again | None:
        attempts.append(run.attempt)
        return Again(7.0) if len(attempts) < 5 else None

    world = World()
    world.handle(run)
    job_id = await world.enqueue(max_attempts=2)
    async with world.working():
        for times in range(1, 5):
            await until(partial(_ran, world, job_id, attempts, times))
            assert world.job_due_in(job_id) == 7.0
            world.clock.advance(7)
        await until(lambda: world.job(job_id).status is JobStatus.SUCCEEDED)

    assert attempts == [1] * 5


async def test_it_runs_once_when_it_is_enqueued_twice_under_one_key() -> None:
    runs = 0

    async def run(_: JobRun[Note]) -> None:
        nonlocal runs
        runs += 1

    world = World()
    world.handle(run)
    first = await world.enqueue(dedupe_key="only")
    assert await world.enqueue(dedupe_key="only") == first
    async with world.working():
        await until(lambda: world.job(first).status is JobStatus.SUCCEEDED)
        again = await world.enqueue(dedupe_key="only")
        assert again != first
        await until(lambda: world.job(again).status is JobStatus.SUCCEEDED)

    assert runs == 2


async def test_nothing_runs_before_its_time_and_the_urgent_ones_go_first() -> None:
    ran: list[str] = []

    async def run(run: JobRun[Note]) -> None:
        ran.append(run.payload.text)

    world = World(plan={"job_slots": 1})
    world.handle(run)
    await world.enqueue(payload=Note("normal"))
    await world.enqueue(payload=Note("critical"), priority=Priority.CRITICAL)
    await world.enqueue(payload=Note("bulk"), priority=Priority.BULK)
    late = await world.enqueue(payload=Note("late"), delay=60.0, priority=Priority.CRITICAL)
    async with world.working():
        await until(lambda: len(ran) == 3)
        assert ran == ["critical", "normal", "bulk"]
        world.clock.advance(60)
        await until(lambda: world.job(late).status is JobStatus.SUCCEEDED)


async def test_a_cancelled_job_is_not_run() -> None:
    ran: list[object] = []

    async def run(run: JobRun[Note]) -> None:
        ran.append(run)

    world = World()
    world.handle(run)
    job_id = await world.enqueue()
    async with world.unit_of_work() as uow:
        assert await uow.jobs.cancel("default", job_id, world.clock.now())
        await uow.commit()
    async with world.working():
        other = await world.enqueue()
        await until(lambda: world.job(other).status is JobStatus.SUCCEEDED)

    assert len(ran) == 1


async def test_the_trace_of_who_enqueued_it_goes_on() -> None:
    traces: list[str] = []
    world = World()

    async def run(_: JobRun[Note]) -> None:
        traces.append(world.trace.current().trace_id)

    world.handle(run)
    with world.trace.scope(None) as asked:
        job_id = await world.enqueue()
    async with world.working():
        await until(lambda: world.job(job_id).status is JobStatus.SUCCEEDED)

    assert traces == [asked.trace_id]


def _was_given_back_unread(world: World, job_id: UUID, times: int) -> bool:
    job = world.job(job_id)
    return job.status is JobStatus.PENDING and (job.last_error or "").startswith(f"unread {times}: ")


def _waits(world: World, job_id: UUID, attempts: int) -> bool:
    job = world.job(job_id)
    return job.status is JobStatus.PENDING and job.attempts == attempts


def _ran(world: World, job_id: UUID, attempts: list[int], times: int) -> bool:
    return len(attempts) == times and world.job(job_id).lease is None


def _promises_kept(lines: tuple[LoggedEvent, ...], number: int) -> None:
    assert len(lines) == number
    for line in lines:
        assert set(line.fields) >= PROMISED | {"duration_ms", "error_code"}
