"""DeliveryQueue, over every store: what happens to deliveries whose worker died."""

import asyncio
from datetime import timedelta
from itertools import pairwise

import pytest

from application.ports.delivery_queue import ClaimedDelivery
from domain.notifications.delivery_status import DeliveryStatus
from domain.shared.lease import FEW_ROWS, Suspicion
from tests.contracts.queue_calls import SHORT, SHORTLY, Queue, ids_of
from tests.contracts.samples import OTHER_WORKER, SCOPE, TENANT, Samples
from tests.contracts.stores import Store


@pytest.fixture
def queue(store: Store) -> Queue:
    return Queue(store)


async def crash(store: Store, queue: Queue, number: int) -> list[ClaimedDelivery]:
    """Claim so many, and die with them."""
    claimed = await queue.claim(number, lease=SHORT)
    assert len(claimed) == number
    await store.after(SHORTLY)
    return claimed


async def crash_as_suspect(store: Store, queue: Queue) -> ClaimedDelivery:
    """Take over one suspect, and die with it."""
    (claimed,) = await queue.claim_suspects(lease=SHORT)
    await store.after(SHORTLY)
    return claimed


async def test_there_is_no_suspect_when_leases_hold(make: Samples, queue: Queue) -> None:
    await make.add_notification(deliveries=2)
    await queue.claim(1)

    assert not await queue.suspects_waiting()
    assert await queue.claim_suspects() == []


async def test_a_suspect_is_never_claimed_when_its_lease_ran_out(store: Store, make: Samples, queue: Queue) -> None:
    await make.add_notification(deliveries=1)
    await crash(store, queue, 1)

    assert await queue.claim() == []
    assert await queue.suspects_waiting()
    assert not await queue.suspects_waiting("slow")
    assert await queue.claim_suspects(queues=["slow"]) == []


async def test_first_time_suspects_come_as_a_group_when_there_are_several(
    store: Store, make: Samples, queue: Queue
) -> None:
    await make.add_notification(deliveries=3)
    crashed = await crash(store, queue, 3)

    group = await Queue(store, OTHER_WORKER).claim_suspects(2)
    assert len(group) == 2
    assert {one.delivery.suspicion for one in group} == {Suspicion.GROUP}
    assert {one.delivery.crashes for one in group} == {0}
    assert {one.delivery.lease.owner for one in group if one.delivery.lease} == {OTHER_WORKER.owner}
    rest = await queue.claim_suspects(2)
    assert sorted(ids_of(group) + ids_of(rest)) == sorted(ids_of(crashed))
    assert not await queue.suspects_waiting()


async def test_the_lost_lease_is_what_began_when_a_suspect_is_taken_over(
    store: Store, make: Samples, queue: Queue
) -> None:
    await make.add_notification(deliveries=1)
    (lost,) = await queue.claim(lease=SHORT)
    await store.after(0.1)

    (taken,) = await queue.claim_suspects()

    assert taken.delivery.leased_at == lost.delivery.leased_at
    assert taken.delivery.leased_at is not None
    assert taken.delivery.leased_at < store.now() - timedelta(seconds=0.05)


async def test_rounds_and_attempts_are_as_they_were_when_a_suspect_is_taken_over(
    store: Store, make: Samples, queue: Queue
) -> None:
    await make.add_notification(deliveries=1)
    (claimed,) = await queue.claim()
    attempt = make.attempt(claimed.delivery.id)
    await queue.record(queue.result(claimed, DeliveryStatus.PENDING, delay=0.0, rounds=3, attempts=[attempt]))
    await crash(store, queue, 1)

    (taken,) = await queue.claim_suspects()
    assert taken.delivery.rounds == 3
    assert [one.id for one in (await queue.view(taken)).attempts] == [attempt.id]


async def test_a_few_run_together_when_their_group_crashed_again(store: Store, make: Samples, queue: Queue) -> None:
    await make.add_notification(deliveries=FEW_ROWS + 3)
    await crash(store, queue, FEW_ROWS + 3)
    assert len(await queue.claim_suspects(limit=FEW_ROWS + 3, lease=SHORT)) == FEW_ROWS + 3
    await store.after(SHORTLY)

    few, rest = await queue.claim_suspects(limit=FEW_ROWS + 3), await queue.claim_suspects(limit=FEW_ROWS + 3)
    assert (len(few), len(rest)) == (FEW_ROWS, 3)
    assert {(one.delivery.suspicion, one.delivery.crashes) for one in [*few, *rest]} == {(Suspicion.FEW, 0)}
    assert not set(ids_of(few)) & set(ids_of(rest))


async def test_one_runs_alone_when_the_few_it_was_with_crashed_again(store: Store, make: Samples, queue: Queue) -> None:
    await make.add_notification(deliveries=2)
    await crash(store, queue, 2)
    for _ in range(2):
        assert len(await queue.claim_suspects(lease=SHORT)) == 2
        await store.after(SHORTLY)

    (alone,) = await queue.claim_suspects()
    assert (alone.delivery.suspicion, alone.delivery.crashes) == (Suspicion.ALONE, 0)
    (other,) = await queue.claim_suspects()
    assert other.delivery.id != alone.delivery.id


async def test_first_time_suspects_go_first_when_others_wait_to_run_alone(
    store: Store, make: Samples, queue: Queue
) -> None:
    await make.add_notification(deliveries=1)
    await crash(store, queue, 1)
    waits_alone = await crash_as_suspect(store, queue)
    await make.add_notification(deliveries=2)
    fresh = await crash(store, queue, 2)

    assert sorted(ids_of(await queue.claim_suspects())) == sorted(ids_of(fresh))
    assert ids_of(await queue.claim_suspects()) == [waits_alone.delivery.id]


async def test_crashes_are_counted_when_it_ran_alone(store: Store, make: Samples, queue: Queue) -> None:
    await make.add_notification(deliveries=1)
    await crash(store, queue, 1)
    seen = [await crash_as_suspect(store, queue) for _ in range(6)]

    assert [(one.delivery.suspicion, one.delivery.crashes) for one in seen] == [
        (Suspicion.GROUP, 0),
        (Suspicion.FEW, 0),
        (Suspicion.ALONE, 0),
        (Suspicion.ALONE, 1),
        (Suspicion.ALONE, 2),
        (Suspicion.ALONE, 3),
    ]
    assert [later.token > earlier.token for earlier, later in pairwise(seen)] == [True] * 5


@pytest.mark.parametrize("give_back", ["record", "release"])
async def test_suspicion_is_gone_when_it_did_not_kill_its_worker(
    store: Store, make: Samples, queue: Queue, give_back: str
) -> None:
    await make.add_notification(deliveries=1)
    await crash(store, queue, 1)
    for _ in range(4):
        await crash_as_suspect(store, queue)
    (alone,) = await queue.claim_suspects()
    if give_back == "record":
        await queue.record(queue.result(alone, DeliveryStatus.PENDING, delay=0.0))
    else:
        await queue.release(alone)

    (claimed,) = await queue.claim(lease=SHORT)
    assert (claimed.delivery.suspicion, claimed.delivery.crashes) == (Suspicion.NONE, 0)
    await store.after(SHORTLY)
    assert (await queue.claim_suspects())[0].delivery.suspicion is Suspicion.GROUP


async def test_each_suspect_has_one_taker_when_ten_take_at_once(store: Store, make: Samples, queue: Queue) -> None:
    await make.add_notification(deliveries=12)
    crashed = await crash(store, queue, 12)

    batches = await asyncio.gather(*(queue.claim_suspects(3) for _ in range(10)))

    assert sorted(delivery_id for batch in batches for delivery_id in ids_of(batch)) == sorted(ids_of(crashed))


async def test_an_expired_suspect_says_so_when_taken_over(store: Store, make: Samples, queue: Queue) -> None:
    await make.add_deliveries(make.delivery(expires_at=store.now() + timedelta(seconds=0.03)))
    await queue.claim(lease=SHORT)
    await store.after(0.04)

    assert [one.expired for one in await queue.claim_suspects()] == [True]


async def test_a_suspect_ends_like_any_other_when_its_result_is_recorded(
    store: Store, make: Samples, queue: Queue
) -> None:
    notification, _ = await make.add_notification(deliveries=1)
    await crash(store, queue, 1)
    (taken,) = await queue.claim_suspects()
    async with store.unit_of_work() as uow:
        await uow.delivery_queue.append_attempts(SCOPE, [make.attempt(taken.delivery.id, provider=None)])
        await uow.delivery_queue.append_attempts(SCOPE, [])
        await uow.commit()
    assert await queue.record(queue.result(taken, DeliveryStatus.FAILED, reason="poison")) == set()

    view = await queue.view(taken)
    assert (view.status, view.reason, len(view.attempts)) == ("failed", "poison", 1)
    read = await store.notifications.get(TENANT, notification.id)
    assert read is not None
    assert (read.counts.failed, read.counts.open) == (1, 0)
