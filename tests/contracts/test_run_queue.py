"""RunQueue, over every store: claims, leases and what is saved."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from domain.notifications.delivery import Priority
from domain.shared.lease import Lease, Suspicion
from domain.workflows.run import RunStatus, StepOutcome, StepRecord, Wait
from tests.contracts.queue_calls import LONG, SHORT, SHORTLY
from tests.contracts.run_calls import Runs, ids_of, progress
from tests.contracts.samples import OTHER_WORKER, QUEUE, SCOPE, TENANT, Samples
from tests.contracts.stores import Store


@pytest.fixture
def runs(store: Store) -> Runs:
    return Runs(store)


async def test_the_longest_waiting_are_claimed_first_when_there_are_more(
    store: Store, make: Samples, runs: Runs
) -> None:
    oldest_first = [make.run() for _ in range(5)][::-1]
    for run in oldest_first:
        await make.add_runs(run)
        await store.after(0.003)

    claimed = [ids_of(await runs.claim(2)) for _ in range(4)]

    ids = [run.id for run in oldest_first]
    assert claimed == [ids[:2], ids[2:4], ids[4:], []]


async def test_a_claimed_run_is_leased_and_otherwise_as_it_was_when_claimed(
    store: Store, make: Samples, runs: Runs
) -> None:
    run = make.run(version=7, expires_at=store.now() + timedelta(hours=1))
    await make.add_runs(run)

    (claimed,) = await runs.claim()

    leased = claimed.run
    assert claimed.expired is False
    assert leased.lease == Lease(owner=SCOPE.owner, token=claimed.token)
    assert leased.leased_at is not None
    assert abs(leased.leased_at - store.now()) < timedelta(seconds=10)
    assert leased.status is RunStatus.RUNNING
    assert leased.let_go() == run
    assert await runs.stored(run) == leased


async def test_only_its_own_class_is_claimed_when_there_are_others(make: Samples, runs: Runs) -> None:
    plain, slow, high = make.run(), make.run(queue="slow"), make.run(priority=Priority.HIGH)
    await make.add_runs(slow, high, make.run(status=RunStatus.CANCELLED), plain)

    assert ids_of(await runs.claim()) == [plain.id]
    assert ids_of(await runs.claim(queue="slow")) == [slow.id]
    assert ids_of(await runs.claim(priority=Priority.HIGH)) == [high.id]


async def test_lines_are_those_with_due_pending_runs_when_asked(make: Samples, runs: Runs) -> None:
    await make.add_runs(
        make.run(priority=Priority.HIGH),
        make.run(priority=Priority.BULK, queue="reports"),
        make.run(priority=Priority.HIGH, queue="elsewhere"),
        make.run(status=RunStatus.COMPLETED),
        make.run(priority=Priority.CRITICAL),
    )
    (later,) = await runs.claim(priority=Priority.CRITICAL)
    await runs.save(progress(later, delay=60.0))
    before = await runs.due_lines(QUEUE, "reports")

    await runs.claim(priority=Priority.HIGH)

    assert before == {(QUEUE, Priority.HIGH), ("reports", Priority.BULK)}
    assert await runs.due_lines(QUEUE, "reports") == {("reports", Priority.BULK)}


async def test_rows_of_all_tenants_are_claimed_when_due(make: Samples, runs: Runs) -> None:
    await make.add_runs(make.run(), make.run(tenant_id="other"))

    assert {one.run.tenant_id for one in await runs.claim()} == {TENANT, "other"}


async def test_nobody_else_gets_it_when_twenty_claim_at_once(store: Store, make: Samples) -> None:
    added = [make.run(target=f"u{number}") for number in range(100)]
    await make.add_runs(*added)

    batches = await asyncio.gather(*(Runs(store, replace(SCOPE, owner=f"w{n}")).claim(7) for n in range(20)))

    assert sorted(run_id for batch in batches for run_id in ids_of(batch)) == sorted(run.id for run in added)
    assert max(len(batch) for batch in batches) == 7


async def test_it_is_due_as_it_was_when_the_claim_was_rolled_back(store: Store, make: Samples, runs: Runs) -> None:
    older, newer = make.run(), make.run()
    await make.add_runs(newer)
    await store.after(0.003)
    await make.add_runs(older)
    async with store.unit_of_work() as uow:
        assert await uow.run_queue.claim(SCOPE, queue=QUEUE, priority=Priority.NORMAL, limit=10, lease_seconds=LONG)

    assert await runs.stored(older) == older
    assert ids_of(await runs.claim()) == [newer.id, older.id]


async def test_an_expired_run_is_claimed_and_says_so_when_its_time_has_passed(
    store: Store, make: Samples, runs: Runs
) -> None:
    past, future = store.now() - timedelta(seconds=1), store.now() + timedelta(hours=1)
    await make.add_runs(make.run(expires_at=past), make.run(expires_at=future), make.run())

    assert sorted(one.expired for one in await runs.claim()) == [False, False, True]


async def test_its_steps_and_its_wait_are_kept_when_saved(store: Store, make: Samples, runs: Runs) -> None:
    run = make.run()
    await make.add_runs(run)
    (claimed,) = await runs.claim()
    now = store.now()
    moved = claimed.run.passed("inbox", StepRecord(outcome=StepOutcome.HANDED_OVER, at=now, delivery_id=make.ids.new()))
    waiting = moved.waiting(Wait(since=now, until=now + timedelta(days=1), reason="delay"))

    assert await runs.save(progress(claimed, waiting, delay=60.0)) == {run.id}

    stored = await runs.stored(run)
    assert stored == waiting.let_go()
    assert (stored.status, stored.position, stored.lease, stored.leased_at) == (RunStatus.PENDING, 1, None, None)
    assert await runs.claim() == []


@pytest.mark.parametrize("status", [RunStatus.COMPLETED, RunStatus.CANCELLED, RunStatus.EXPIRED, RunStatus.FAILED])
async def test_nobody_gets_it_again_when_it_is_over(store: Store, make: Samples, runs: Runs, status: RunStatus) -> None:
    run, at = make.run(), store.now()
    await make.add_runs(run)
    (claimed,) = await runs.claim(lease=SHORT)
    store.wake_ups.sent.clear()
    await runs.save(progress(claimed, claimed.run.ended(status, at, "why")))
    await store.after(SHORTLY)

    stored = await runs.stored(run)
    assert (stored.status, stored.reason, stored.finished_at, stored.lease) == (status, "why", at, None)
    assert (await runs.claim(), await runs.claim_suspects(), await runs.hold(claimed)) == ([], [], set())
    assert store.wake_ups.sent == []


async def test_its_queue_is_woken_when_it_is_due_at_once(store: Store, make: Samples, runs: Runs) -> None:
    await make.add_runs(make.run(), make.run(queue="slow"))
    (plain,), (slow,) = await runs.claim(), await runs.claim(queue="slow")
    store.wake_ups.sent.clear()
    await runs.save(progress(plain), progress(slow, delay=0.01))
    await store.after(SHORTLY)

    assert store.wake_ups.sent == [[QUEUE]]
    again = [*await runs.claim(), *await runs.claim(queue="slow")]
    assert ids_of(again) == ids_of([plain, slow])
    assert [later.token > earlier.token for later, earlier in zip(again, [plain, slow], strict=True)] == [True, True]


async def test_it_is_not_claimed_before_its_time_when_it_waits(store: Store, make: Samples, runs: Runs) -> None:
    await make.add_runs(make.run(target="late"), make.run(target="soon"))
    late, soon = await runs.claim()
    await runs.save(progress(late, delay=60.0), progress(soon, delay=0.01))
    await store.after(SHORTLY)

    assert ids_of(await runs.claim()) == [soon.run.id]


async def test_a_delay_ends_at_the_expiry_when_it_would_reach_past_it(store: Store, make: Samples, runs: Runs) -> None:
    await make.add_runs(make.run(expires_at=store.now() + timedelta(seconds=0.3)))
    (claimed,) = await runs.claim()
    await runs.save(progress(claimed, delay=3600.0))
    assert await runs.claim() == []
    await store.after(0.31)

    assert [again.expired for again in await runs.claim()] == [True]


async def test_nothing_is_written_when_the_lease_is_not_ours_any_more(store: Store, make: Samples, runs: Runs) -> None:
    run = make.run()
    await make.add_runs(run)
    (stale,) = await runs.claim(lease=SHORT)
    await store.after(SHORTLY)
    (taken,) = await Runs(store, OTHER_WORKER).claim_suspects()
    assert taken.token > stale.token
    store.wake_ups.sent.clear()

    assert await runs.hold(stale) == set()
    assert await runs.save(progress(stale, stale.run.ended(RunStatus.COMPLETED, store.now()))) == set()
    assert await runs.renew(stale) == set()
    await runs.release(stale)

    assert store.wake_ups.sent == []
    assert await runs.stored(run) == taken.run
    assert await runs.renew(taken) == {run.id}
    assert await runs.save(progress(taken)) == {run.id}
    assert await runs.hold(taken) == set()


async def test_what_is_ours_is_written_when_the_rest_was_lost(store: Store, make: Samples, runs: Runs) -> None:
    await make.add_runs(make.run(target="u1"), make.run(target="u2"))
    lost, kept = await runs.claim(lease=SHORT)
    assert await runs.renew(kept) == {kept.run.id}
    await store.after(SHORTLY)
    await runs.claim_suspects()

    ended = [progress(one, one.run.ended(RunStatus.COMPLETED, store.now())) for one in (lost, kept)]
    assert await runs.save(*ended) == {kept.run.id}
    assert (await runs.stored(lost.run)).status is RunStatus.RUNNING
    assert (await runs.stored(kept.run)).status is RunStatus.COMPLETED


async def test_it_is_still_ours_when_the_lease_ran_out_but_nobody_took_it(
    store: Store, make: Samples, runs: Runs
) -> None:
    await make.add_runs(make.run())
    (claimed,) = await runs.claim(lease=SHORT)
    await store.after(SHORTLY)

    assert await runs.hold(claimed) == {claimed.run.id}
    assert await runs.save(progress(claimed)) == {claimed.run.id}


async def test_nobody_takes_it_over_when_it_is_held(store: Store, make: Samples, runs: Runs) -> None:
    await make.add_runs(make.run())
    (claimed,) = await runs.claim(lease=SHORT)
    await store.after(SHORTLY)
    async with store.unit_of_work() as uow:
        assert await uow.run_queue.hold(SCOPE, [(claimed.run.id, claimed.token)]) == {claimed.run.id}
        taking = asyncio.create_task(Runs(store, OTHER_WORKER).claim_suspects())
        await asyncio.wait({taking}, timeout=0.05)
        await uow.run_queue.save(SCOPE, [progress(claimed, delay=60.0)])
        await uow.commit()

    assert await taking == []
    assert (await runs.stored(claimed.run)).status is RunStatus.PENDING


async def test_nothing_has_come_of_it_when_what_was_saved_is_rolled_back(
    store: Store, make: Samples, runs: Runs
) -> None:
    await make.add_runs(make.run())
    (claimed,) = await runs.claim()
    async with store.unit_of_work() as uow:
        await uow.run_queue.save(SCOPE, [progress(claimed, claimed.run.ended(RunStatus.COMPLETED, store.now()))])

    assert await runs.hold(claimed) == {claimed.run.id}


async def test_a_lease_holds_longer_when_it_was_renewed(store: Store, make: Samples, runs: Runs) -> None:
    await make.add_runs(make.run(target="u1"), make.run(target="u2"))
    kept, dropped = await runs.claim(lease=SHORT)
    assert await runs.renew(kept) == {kept.run.id}
    await store.after(SHORTLY)

    assert ids_of(await Runs(store, OTHER_WORKER).claim_suspects()) == [dropped.run.id]
    assert await runs.renew(kept, dropped) == {kept.run.id}
    assert await runs.renew() == set()


async def test_it_is_due_at_once_and_as_it_was_when_released(store: Store, make: Samples, runs: Runs) -> None:
    run = make.run()
    await make.add_runs(run)
    (claimed,) = await runs.claim()
    store.wake_ups.sent.clear()
    await runs.release(claimed)

    assert store.wake_ups.sent == [[QUEUE]]
    assert await runs.stored(run) == run
    (again,) = await runs.claim()
    assert (again.run.id, again.run.suspicion, again.token > claimed.token) == (run.id, Suspicion.NONE, True)


async def test_nothing_happens_when_there_is_nothing_to_hold_save_or_release(store: Store, runs: Runs) -> None:
    assert await runs.hold() == set()
    assert await runs.save() == set()
    await runs.release()

    assert store.wake_ups.sent == []
