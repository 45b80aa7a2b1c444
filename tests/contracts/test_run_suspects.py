"""RunQueue, over every store: what happens to runs whose worker died."""

import asyncio
from datetime import timedelta

import pytest

from application.ports.run_queue import ClaimedRun
from domain.shared.lease import FEW_ROWS, Suspicion
from domain.workflows.run import RunStatus
from tests.contracts.queue_calls import SHORT, SHORTLY
from tests.contracts.run_calls import Runs, ids_of, progress
from tests.contracts.samples import OTHER_WORKER, QUEUE, Samples
from tests.contracts.stores import Store


@pytest.fixture
def runs(store: Store) -> Runs:
    return Runs(store)


async def crash(store: Store, make: Samples, runs: Runs, number: int) -> list[ClaimedRun]:
    """Claim so many new ones, and die with them."""
    await make.add_runs(*(make.run(target=f"u{each}") for each in range(number)))
    claimed = await runs.claim(number, lease=SHORT)
    assert len(claimed) == number
    await store.after(SHORTLY)
    return claimed


async def crash_as_suspect(store: Store, runs: Runs) -> ClaimedRun:
    """Take over one suspect, and die with it."""
    (claimed,) = await runs.claim_suspects(lease=SHORT)
    await store.after(SHORTLY)
    return claimed


async def test_there_is_no_suspect_when_leases_hold(make: Samples, runs: Runs) -> None:
    await make.add_runs(make.run(), make.run())
    await runs.claim(1)

    assert not await runs.suspects_waiting()
    assert await runs.claim_suspects() == []


async def test_a_suspect_is_never_claimed_when_its_lease_ran_out(store: Store, make: Samples, runs: Runs) -> None:
    await crash(store, make, runs, 1)

    assert await runs.claim() == []
    assert await runs.due_lines() == set()
    assert await runs.suspects_waiting("slow", QUEUE)
    assert not await runs.suspects_waiting("slow")
    assert await runs.claim_suspects(queues=["slow"]) == []


async def test_suspects_come_as_a_group_then_as_a_few_then_alone_when_they_crash_again(
    store: Store, make: Samples, runs: Runs
) -> None:
    crashed = await crash(store, make, runs, FEW_ROWS + 1)

    group = await Runs(store, OTHER_WORKER).claim_suspects(20, lease=SHORT)
    assert sorted(ids_of(group)) == sorted(ids_of(crashed))
    assert {(one.run.suspicion, one.run.crashes) for one in group} == {(Suspicion.GROUP, 0)}
    assert {one.run.lease.owner for one in group if one.run.lease} == {OTHER_WORKER.owner}
    await store.after(SHORTLY)
    few = await runs.claim_suspects(20, lease=SHORT)
    assert len(few) == FEW_ROWS
    assert {(one.run.suspicion, one.run.crashes) for one in few} == {(Suspicion.FEW, 0)}
    (rest,) = await runs.claim_suspects(20)
    assert rest.run.suspicion is Suspicion.FEW
    await store.after(SHORTLY)
    (alone,) = await runs.claim_suspects(20)
    assert (alone.run.suspicion, alone.run.crashes) == (Suspicion.ALONE, 0)
    assert alone.run == await runs.stored(alone.run)


async def test_crashes_are_counted_when_it_ran_alone(store: Store, make: Samples, runs: Runs) -> None:
    (crashed,) = await crash(store, make, runs, 1)
    seen = [crashed, *[await crash_as_suspect(store, runs) for _ in range(5)]]

    assert [(one.run.suspicion, one.run.crashes) for one in seen] == [
        (Suspicion.NONE, 0),
        (Suspicion.GROUP, 0),
        (Suspicion.FEW, 0),
        (Suspicion.ALONE, 0),
        (Suspicion.ALONE, 1),
        (Suspicion.ALONE, 2),
    ]
    assert [one.token for one in seen] == sorted({one.token for one in seen})


@pytest.mark.parametrize("give_back", ["save", "release"])
async def test_suspicion_is_gone_when_it_did_not_kill_its_worker(
    store: Store, make: Samples, runs: Runs, give_back: str
) -> None:
    await crash(store, make, runs, 1)
    for _ in range(4):
        await crash_as_suspect(store, runs)
    (suspect,) = await runs.claim_suspects()
    assert suspect.run.crashes == 2
    if give_back == "save":
        await runs.save(progress(suspect))
    else:
        await runs.release(suspect)

    stored = await runs.stored(suspect.run)
    assert (stored.suspicion, stored.crashes) == (Suspicion.NONE, 0)
    await runs.claim(lease=SHORT)
    await store.after(SHORTLY)
    assert [one.run.suspicion for one in await runs.claim_suspects()] == [Suspicion.GROUP]


async def test_its_crashes_are_kept_when_it_is_buried(store: Store, make: Samples, runs: Runs) -> None:
    await crash(store, make, runs, 1)
    for _ in range(4):
        await crash_as_suspect(store, runs)
    (suspect,) = await runs.claim_suspects()
    await runs.save(progress(suspect, suspect.run.ended(RunStatus.FAILED, store.now(), "poison")))

    stored = await runs.stored(suspect.run)
    assert (stored.status, stored.reason, stored.crashes) == (RunStatus.FAILED, "poison", 2)
    assert not await runs.suspects_waiting()


async def test_each_suspect_has_one_taker_when_ten_take_at_once(store: Store, make: Samples, runs: Runs) -> None:
    crashed = await crash(store, make, runs, 12)

    batches = await asyncio.gather(*(runs.claim_suspects(3) for _ in range(10)))

    assert sorted(run_id for batch in batches for run_id in ids_of(batch)) == sorted(ids_of(crashed))


async def test_an_expired_suspect_says_so_when_taken_over(store: Store, make: Samples, runs: Runs) -> None:
    await make.add_runs(make.run(expires_at=store.now() + timedelta(seconds=0.03)))
    await runs.claim(lease=SHORT)
    await store.after(0.04)

    assert [one.expired for one in await runs.claim_suspects()] == [True]
