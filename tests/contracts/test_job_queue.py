"""JobQueue, over every store: enqueuing and cancelling."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

from application.ports.job_queue import JobQueue
from domain.jobs.job import Job, JobStatus
from domain.notifications.delivery import Priority
from tests.contracts.job_calls import Jobs
from tests.contracts.queue_calls import SHORT, SHORTLY
from tests.contracts.samples import TENANT, Payload, Samples
from tests.contracts.stores import Store


@asynccontextmanager
async def queue_of(store: Store) -> AsyncIterator[JobQueue]:
    async with store.unit_of_work() as uow:
        yield uow.jobs
        await uow.commit()


async def test_a_job_is_claimed_as_it_was_enqueued_when_due(store: Store, make: Samples) -> None:
    new = make.job(
        queue="maintenance",
        priority=Priority.HIGH,
        schema_version=3,
        max_attempts=25,
        timeout=0.25,
        dedupe_key="tick:1",
        payload=Payload(number=7, text="é\n"),
    )
    with store.trace.scope(None, request_id="r-1", actor="api_key:k1"):
        carried = store.trace.carried()
        async with queue_of(store) as queue:
            assert await queue.enqueue(new) == new.id

    (job,) = await Jobs(store).claim(queue="maintenance", priority=Priority.HIGH)
    assert replace(job, lease=None) == Job(
        id=new.id,
        tenant_id=TENANT,
        name="inbox.surface",
        schema_version=3,
        queue="maintenance",
        priority=Priority.HIGH,
        payload='{"number":7,"text":"é\\n"}'.encode(),
        status=JobStatus.RUNNING,
        attempts=1,
        max_attempts=25,
        timeout=0.25,
        dedupe_key="tick:1",
        trace=carried,
        created_at=new.created_at,
    )


async def test_limits_stay_open_when_the_job_says_none(store: Store, make: Samples) -> None:
    async with queue_of(store) as queue:
        await queue.enqueue(make.job())

    (job,) = await Jobs(store).claim()
    assert (job.max_attempts, job.timeout) == (None, None)


async def test_the_unfinished_one_is_named_when_the_dedupe_key_is_taken(store: Store, make: Samples) -> None:
    first, second = make.job(dedupe_key="tick:1"), make.job(dedupe_key="tick:1")
    async with queue_of(store) as queue:
        assert await queue.enqueue(first) == first.id
        assert await queue.enqueue(second) == first.id
    jobs = Jobs(store)
    (claimed,) = await jobs.claim()
    async with queue_of(store) as queue:
        assert await queue.enqueue(make.job(dedupe_key="tick:1")) == first.id
    assert await jobs.claim() == []

    await jobs.complete(claimed)
    async with queue_of(store) as queue:
        third = make.job(dedupe_key="tick:1")
        assert await queue.enqueue(third) == third.id


async def test_another_is_stored_when_the_one_with_its_key_was_cancelled_or_died(store: Store, make: Samples) -> None:
    jobs = Jobs(store)
    cancelled = await make.add_job(dedupe_key="a")
    async with queue_of(store) as queue:
        assert await queue.cancel(TENANT, cancelled.id, store.now())
    await make.add_job(dedupe_key="b")
    await jobs.bury((await jobs.claim())[0])

    async with queue_of(store) as queue:
        again = [make.job(dedupe_key=key) for key in "ab"]
        assert await queue.enqueue_many(again) == [job.id for job in again]


async def test_dedupe_keys_are_independent_when_tenants_differ(store: Store, make: Samples) -> None:
    ours, theirs = make.job(dedupe_key="tick:1"), make.job(dedupe_key="tick:1", tenant_id="other")
    async with queue_of(store) as queue:
        assert await queue.enqueue_many([ours]) == [ours.id]
        assert await queue.enqueue_many([theirs]) == [theirs.id]


async def test_ids_come_in_order_when_many_are_enqueued(store: Store, make: Samples) -> None:
    jobs = [make.job(), make.job(dedupe_key="k"), make.job(dedupe_key="k"), make.job()]
    async with queue_of(store) as queue:
        assert await queue.enqueue_many(jobs) == [jobs[0].id, jobs[1].id, jobs[1].id, jobs[3].id]
        assert await queue.enqueue_many([]) == []

    assert len(await Jobs(store).claim()) == 3


async def test_a_job_waits_when_its_time_has_not_come(store: Store, make: Samples) -> None:
    await make.add_job(run_at=store.now() + timedelta(minutes=1))
    await make.add_job(delay=60.0)
    soon = await make.add_job(delay=0.01)
    past = await make.add_job(run_at=store.now() - timedelta(minutes=1))
    await store.after(0.02)

    assert [job.id for job in await Jobs(store).claim()] == [past.id, soon.id]


async def test_a_job_is_cancelled_when_it_is_not_final(store: Store, make: Samples) -> None:
    jobs = Jobs(store)
    done = await make.add_job()
    assert await jobs.complete((await jobs.claim())[0])
    pending = await make.add_job()
    at = store.now()
    async with queue_of(store) as queue:
        assert await queue.cancel(TENANT, pending.id, at)
        assert not await queue.cancel(TENANT, pending.id, at)
        assert not await queue.cancel(TENANT, done.id, at)
        assert not await queue.cancel(TENANT, make.ids.new(), at)

    assert await jobs.claim() == []


async def test_its_worker_has_lost_the_lease_when_a_running_job_is_cancelled(store: Store, make: Samples) -> None:
    jobs = Jobs(store)
    await make.add_job(dedupe_key="a")
    (running,) = await jobs.claim(lease=SHORT)
    async with queue_of(store) as queue:
        assert not await queue.cancel("other", running.id, store.now())
        assert await queue.cancel(TENANT, running.id, store.now())

    assert await jobs.renew(running) == set()
    for report in (jobs.complete, jobs.retry, jobs.bury, jobs.release):
        assert not await report(running)
    await store.after(SHORTLY)
    assert not await jobs.suspects_waiting()
    assert await jobs.claim() == []
    again = await make.add_job(dedupe_key="a")
    assert [job.id for job in await jobs.claim()] == [again.id]
