"""JobStore, over every store: claims, leases and ends."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from domain.jobs.job import Job
from domain.notifications.delivery import Priority
from domain.shared.lease import Suspicion
from tests.contracts.job_calls import Jobs, token_of
from tests.contracts.queue_calls import LONG, SHORT, SHORTLY
from tests.contracts.samples import OTHER_WORKER, SCOPE, Samples
from tests.contracts.stores import Store

End = Callable[[Jobs, Job], Awaitable[bool]]
ENDS: dict[str, End] = {
    "complete": lambda jobs, job: jobs.complete(job),
    "retry": lambda jobs, job: jobs.retry(job),
    "bury": lambda jobs, job: jobs.bury(job),
    "release": lambda jobs, job: jobs.release(job),
}


@pytest.fixture
def jobs(store: Store) -> Jobs:
    return Jobs(store)


async def test_the_longest_waiting_are_claimed_first_when_there_are_more(
    store: Store, make: Samples, jobs: Jobs
) -> None:
    oldest_first = []
    for _ in range(3):
        oldest_first.append((await make.add_job()).id)
        await store.after(0.003)

    assert [job.id for job in await jobs.claim(2)] == oldest_first[:2]
    assert [job.id for job in await jobs.claim(2)] == oldest_first[2:]
    assert await jobs.claim(2) == []


async def test_only_its_own_class_is_claimed_when_there_are_others(make: Samples, jobs: Jobs) -> None:
    urgent, slow, plain = [
        await make.add_job(priority=Priority.CRITICAL),
        await make.add_job(queue="slow"),
        await make.add_job(),
    ]

    assert [job.id for job in await jobs.claim()] == [plain.id]
    assert [job.id for job in await jobs.claim(priority=Priority.CRITICAL)] == [urgent.id]
    assert [job.id for job in await jobs.claim(queue="slow")] == [slow.id]


async def test_nobody_else_gets_it_when_twenty_claim_at_once(store: Store, make: Samples) -> None:
    async with store.unit_of_work() as uow:
        ids = await uow.jobs.enqueue_many([make.job() for _ in range(60)])
        await uow.commit()

    batches = await asyncio.gather(*(Jobs(store).claim(4) for _ in range(20)))

    assert sorted(job.id for batch in batches for job in batch) == sorted(ids)


async def test_the_lease_is_ours_and_the_attempt_counts_when_claimed(make: Samples, jobs: Jobs) -> None:
    await make.add_job()
    (job,) = await jobs.claim()

    assert job.lease is not None
    assert (job.lease.owner, job.attempts) == (SCOPE.owner, 1)


async def test_it_is_never_due_again_when_it_has_succeeded(store: Store, make: Samples, jobs: Jobs) -> None:
    await make.add_job()
    (job,) = await jobs.claim(lease=SHORT)
    assert await jobs.complete(job)
    await store.after(SHORTLY)

    assert await jobs.claim() == []
    assert not await jobs.suspects_waiting()


async def test_it_comes_back_with_its_error_and_attempts_when_retried(store: Store, make: Samples, jobs: Jobs) -> None:
    await make.add_job()
    (job,) = await jobs.claim()
    assert await jobs.retry(job, delay=0.01, error="é" * 2_000)
    await store.after(SHORTLY)

    (again,) = await jobs.claim()
    assert (again.id, again.attempts, again.last_error) == (job.id, 2, "é" * 2_000)
    assert token_of(again) > token_of(job)
    assert await jobs.retry(again, delay=60.0)
    assert await jobs.claim() == []


async def test_the_attempt_is_not_counted_when_released(store: Store, make: Samples, jobs: Jobs) -> None:
    await make.add_job()
    (job,) = await jobs.claim()
    assert await jobs.retry(job)
    (job,) = await jobs.claim()
    assert job.attempts == 2
    assert await jobs.release(job, delay=0.01)
    await store.after(SHORTLY)

    (again,) = await jobs.claim()
    assert (again.attempts, again.last_error) == (2, "ValueError: no")
    assert await jobs.release(again, delay=60.0)
    assert await jobs.claim() == []


async def test_an_error_is_kept_when_a_release_brings_one(make: Samples, jobs: Jobs) -> None:
    await make.add_job()
    (job,) = await jobs.claim()
    await jobs.release(job, error="shutting down")

    assert [again.last_error for again in await jobs.claim()] == ["shutting down"]


async def test_nobody_gets_it_again_when_buried(store: Store, make: Samples, jobs: Jobs) -> None:
    await make.add_job()
    (job,) = await jobs.claim(lease=SHORT)
    assert await jobs.bury(job)
    await store.after(SHORTLY)

    assert await jobs.claim() == []
    assert await jobs.claim_suspects() == []
    assert not await jobs.complete(job)


@pytest.mark.parametrize("end", ENDS)
async def test_nothing_changes_when_the_lease_is_not_ours_any_more(
    store: Store, make: Samples, jobs: Jobs, end: str
) -> None:
    await make.add_job()
    (stale,) = await jobs.claim(lease=SHORT)
    await store.after(SHORTLY)
    (taken,) = await Jobs(store, OTHER_WORKER).claim_suspects()
    assert token_of(taken) > token_of(stale)

    assert not await ENDS[end](jobs, stale)
    assert await jobs.renew(stale) == set()
    assert await jobs.renew(taken) == {taken.id}
    assert await ENDS[end](jobs, taken)
    assert not await ENDS[end](jobs, taken)


async def test_a_lease_holds_longer_when_it_was_renewed(store: Store, make: Samples, jobs: Jobs) -> None:
    await make.add_job()
    await make.add_job()
    kept, dropped = await jobs.claim(lease=SHORT)
    assert await jobs.renew(kept, lease=LONG) == {kept.id}
    await store.after(SHORTLY)

    assert [job.id for job in await jobs.claim_suspects()] == [dropped.id]
    assert not await jobs.suspects_waiting()


async def test_a_suspect_is_never_claimed_when_its_lease_ran_out(store: Store, make: Samples, jobs: Jobs) -> None:
    await make.add_job()
    await jobs.claim(lease=SHORT)
    assert not await jobs.suspects_waiting("slow")
    await store.after(SHORTLY)

    assert await jobs.claim() == []
    assert await jobs.suspects_waiting("slow", "default")
    assert await jobs.claim_suspects(queues=["slow"]) == []


async def test_suspects_come_as_a_group_then_as_a_few_then_alone_and_are_counted_when_they_crash_again(
    store: Store, make: Samples, jobs: Jobs
) -> None:
    await make.add_job()
    await make.add_job()
    await jobs.claim(lease=SHORT)
    await store.after(SHORTLY)

    group = await jobs.claim_suspects(lease=SHORT)
    assert [(job.suspicion, job.crashes, job.attempts) for job in group] == [(Suspicion.GROUP, 0, 2)] * 2
    await store.after(SHORTLY)
    few = await jobs.claim_suspects(lease=SHORT)
    assert [(job.suspicion, job.crashes) for job in few] == [(Suspicion.FEW, 0)] * 2
    await store.after(SHORTLY)
    (alone,) = await jobs.claim_suspects(lease=SHORT)
    assert (alone.suspicion, alone.crashes) == (Suspicion.ALONE, 0)
    (other,) = await jobs.claim_suspects()
    assert other.id != alone.id
    await store.after(SHORTLY)
    (again,) = await jobs.claim_suspects()
    assert (again.id, again.suspicion, again.crashes) == (alone.id, Suspicion.ALONE, 1)


@pytest.mark.parametrize("give_back", ["retry", "release"])
async def test_suspicion_is_gone_when_it_did_not_kill_its_worker(
    store: Store, make: Samples, jobs: Jobs, give_back: str
) -> None:
    await make.add_job()
    await jobs.claim(lease=SHORT)
    for _ in range(3):
        await store.after(SHORTLY)
        await jobs.claim_suspects(lease=SHORT)
    await store.after(SHORTLY)
    (suspect,) = await jobs.claim_suspects()
    assert suspect.crashes == 1
    assert await ENDS[give_back](jobs, suspect)

    (job,) = await jobs.claim()
    assert (job.suspicion, job.crashes) == (Suspicion.NONE, 0)


async def test_the_payload_is_untouched_when_nobody_could_read_it(make: Samples, jobs: Jobs) -> None:
    await make.add_job(name="unknown.job", schema_version=99)
    (job,) = await jobs.claim()
    await jobs.retry(job)
    (again,) = await jobs.claim()

    assert (again.name, again.schema_version) == ("unknown.job", 99)
    assert again.payload == job.payload == '{"number":1,"text":"é"}'.encode()
