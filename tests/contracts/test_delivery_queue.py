"""DeliveryQueue, over every store: claims, leases and results."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from domain.notifications.channel import Channel
from domain.notifications.delivery import Delivery, Priority
from domain.notifications.delivery_status import DeliveryStatus
from domain.notifications.notification_status import Counts
from domain.shared.lease import Lease, Suspicion
from tests.contracts.queue_calls import LONG, SHORT, SHORTLY, Queue, ids_of
from tests.contracts.samples import OTHER_WORKER, QUEUE, SCOPE, TENANT, Samples
from tests.contracts.stores import Store


@pytest.fixture
def queue(store: Store) -> Queue:
    return Queue(store)


async def add_one_by_one(store: Store, make: Samples, number: int) -> list[Delivery]:
    """Deliveries that came due one after the other."""
    deliveries = [make.delivery(target=f"u{index}") for index in range(number)]
    for delivery in deliveries[::-1]:
        await make.add_deliveries(delivery)
        await store.after(0.003)
    return deliveries[::-1]


async def test_the_longest_waiting_are_claimed_first_when_there_are_more(
    store: Store, make: Samples, queue: Queue
) -> None:
    oldest_first = [delivery.id for delivery in await add_one_by_one(store, make, 5)]

    assert ids_of(await queue.claim(2)) == oldest_first[:2]
    assert ids_of(await queue.claim(2)) == oldest_first[2:4]
    assert ids_of(await queue.claim(2)) == oldest_first[4:]
    assert await queue.claim(2) == []


async def test_only_what_waited_for_so_long_is_claimed_when_the_rest_is_left_to_others(
    store: Store, make: Samples, queue: Queue
) -> None:
    waiting, fresh = make.delivery(target="waiting"), make.delivery(target="fresh")
    await make.add_deliveries(waiting)
    await store.after(0.3)
    await make.add_deliveries(fresh)

    assert await queue.claim(overdue=60.0) == []
    assert ids_of(await queue.claim(overdue=0.3)) == [waiting.id]
    assert ids_of(await queue.claim()) == [fresh.id]


async def test_a_claimed_delivery_is_leased_and_otherwise_as_it_was_when_claimed(
    store: Store, make: Samples, queue: Queue
) -> None:
    delivery = make.delivery(
        step="remind", generation=1, replay_of=make.ids.new(), expires_at=store.now() + timedelta(hours=1)
    )
    await make.add_deliveries(delivery)

    (claimed,) = await queue.claim()

    assert claimed.expired is False
    leased = claimed.delivery
    assert leased.lease == Lease(owner=SCOPE.owner, token=claimed.token)
    assert leased.leased_at is not None
    assert abs(leased.leased_at - store.now()) < timedelta(seconds=10)
    assert replace(leased, status=DeliveryStatus.PENDING, lease=None, leased_at=None) == delivery
    assert leased.status is DeliveryStatus.SENDING
    assert (await queue.view(claimed)).status == "sending"


async def test_only_its_own_class_is_claimed_when_there_are_others(make: Samples, queue: Queue) -> None:
    plain = make.delivery()
    others = [
        make.delivery(queue="slow"),
        make.delivery(channel=Channel.SMS),
        make.delivery(priority=Priority.HIGH),
        make.delivery(status=DeliveryStatus.SUPPRESSED),
    ]
    await make.add_deliveries(*others, plain)

    assert ids_of(await queue.claim()) == [plain.id]
    assert ids_of(await queue.claim(queue="slow")) == [others[0].id]
    assert ids_of(await queue.claim(channel=Channel.SMS)) == [others[1].id]
    assert ids_of(await queue.claim(priority=Priority.HIGH)) == [others[2].id]


async def test_rows_of_all_tenants_are_claimed_when_due(make: Samples, queue: Queue) -> None:
    await make.add_deliveries(make.delivery(), make.delivery(tenant_id="other"))

    assert {one.delivery.tenant_id for one in await queue.claim()} == {TENANT, "other"}


async def test_nobody_else_gets_it_when_twenty_claim_at_once(make: Samples, store: Store) -> None:
    deliveries = [make.delivery(target=f"u{number}") for number in range(100)]
    await make.add_deliveries(*deliveries)

    batches = await asyncio.gather(*(Queue(store, replace(SCOPE, owner=f"w{n}")).claim(7) for n in range(20)))

    claimed = [delivery_id for batch in batches for delivery_id in ids_of(batch)]
    assert sorted(claimed) == sorted(delivery.id for delivery in deliveries)
    assert max(len(batch) for batch in batches) == 7


async def test_it_can_be_claimed_again_when_the_claim_was_rolled_back(
    store: Store, make: Samples, queue: Queue
) -> None:
    await make.add_deliveries(make.delivery())
    async with store.unit_of_work() as uow:
        assert await uow.delivery_queue.claim(
            SCOPE, queue=QUEUE, channel=Channel.EMAIL, priority=Priority.NORMAL, limit=1, lease_seconds=LONG
        )

    assert len(await queue.claim()) == 1


async def test_results_and_attempts_are_kept_when_recorded_in_bulk(make: Samples, queue: Queue, store: Store) -> None:
    notification, _ = await make.add_notification(deliveries=5)
    sent, failed, suppressed, expired, again = await queue.claim()
    at = store.now()

    lost = await queue.record(
        queue.result(sent, DeliveryStatus.SENT, attempts=[make.attempt(sent.delivery.id)] * 1, finished_at=at),
        queue.result(failed, DeliveryStatus.FAILED, reason="smtp.no_such_user", rounds=6),
        queue.result(suppressed, DeliveryStatus.SUPPRESSED, reason="no_contact_point", rounds=0),
        queue.result(expired, DeliveryStatus.EXPIRED, reason="expired"),
        queue.result(again, DeliveryStatus.PENDING, delay=60.0, attempts=[make.attempt(again.delivery.id)] * 1),
    )

    assert lost == set()
    views = [await queue.view(one) for one in (sent, failed, suppressed, expired, again)]
    assert [(view.status, view.reason, view.rounds, len(view.attempts)) for view in views] == [
        ("sent", None, 1, 1),
        ("failed", "smtp.no_such_user", 6, 0),
        ("suppressed", "no_contact_point", 0, 0),
        ("expired", "expired", 1, 0),
        ("pending", None, 1, 1),
    ]
    assert (views[0].finished_at, views[4].finished_at) == (at, None)
    read = await store.notifications.get(TENANT, notification.id)
    assert read is not None
    assert read.counts == Counts(pending=1, sent=1, failed=1, suppressed=1, expired=1)


async def test_a_delivery_is_never_due_again_when_it_has_ended(store: Store, make: Samples, queue: Queue) -> None:
    await make.add_deliveries(make.delivery())
    (claimed,) = await queue.claim(lease=SHORT)
    await queue.record(queue.result(claimed, DeliveryStatus.SENT))
    await store.after(SHORTLY)

    assert await queue.claim() == []
    assert not await queue.suspects_waiting()
    assert await queue.claim_suspects() == []


async def test_nothing_is_written_when_a_result_comes_with_a_stale_token(
    store: Store, make: Samples, queue: Queue
) -> None:
    notification, _ = await make.add_notification(deliveries=2)
    stale, kept = await queue.claim(lease=SHORT)
    assert await queue.renew(kept) == {kept.delivery.id}
    await store.after(SHORTLY)
    (taken,) = await Queue(store, OTHER_WORKER).claim_suspects()
    assert taken.token > stale.token

    lost = await queue.record(
        queue.result(stale, DeliveryStatus.SENT, attempts=[make.attempt(stale.delivery.id)]),
        queue.result(kept, DeliveryStatus.SENT, attempts=[make.attempt(kept.delivery.id)]),
    )

    assert lost == {stale.delivery.id}
    view = await queue.view(stale)
    assert (view.status, view.attempts, view.rounds) == ("sending", (), 0)
    read = await store.notifications.get(TENANT, notification.id)
    assert read is not None
    assert read.counts == Counts(sending=1, sent=1)
    assert await queue.record(queue.result(taken, DeliveryStatus.FAILED)) == set()


async def test_nothing_changes_when_a_result_comes_twice(store: Store, make: Samples, queue: Queue) -> None:
    notification, _ = await make.add_notification(deliveries=1)
    (claimed,) = await queue.claim()
    await queue.record(queue.result(claimed, DeliveryStatus.SENT))

    assert await queue.record(queue.result(claimed, DeliveryStatus.FAILED)) == {claimed.delivery.id}
    assert (await queue.view(claimed)).status == "sent"
    read = await store.notifications.get(TENANT, notification.id)
    assert read is not None
    assert read.counts == Counts(sent=1)


async def test_a_result_counts_when_the_lease_ran_out_but_nobody_took_it(
    store: Store, make: Samples, queue: Queue
) -> None:
    await make.add_deliveries(make.delivery())
    (claimed,) = await queue.claim(lease=SHORT)
    await store.after(SHORTLY)

    assert await queue.record(queue.result(claimed, DeliveryStatus.SENT)) == set()


async def test_it_is_not_claimed_before_its_time_when_it_was_delayed(store: Store, make: Samples, queue: Queue) -> None:
    await make.add_notification(deliveries=2)
    late, soon = await queue.claim()
    await queue.record(
        queue.result(late, DeliveryStatus.PENDING, delay=60.0), queue.result(soon, DeliveryStatus.PENDING, delay=0.01)
    )
    await store.after(SHORTLY)

    (claimed,) = await queue.claim()
    assert claimed.delivery.id == soon.delivery.id
    assert claimed.delivery.rounds == 1
    assert claimed.token > soon.token


async def test_an_expired_delivery_is_claimed_and_says_so_when_its_time_has_passed(
    store: Store, make: Samples, queue: Queue
) -> None:
    past, future = store.now() - timedelta(seconds=1), store.now() + timedelta(hours=1)
    await make.add_deliveries(make.delivery(expires_at=past), make.delivery(expires_at=future), make.delivery())

    assert sorted(one.expired for one in await queue.claim()) == [False, False, True]


async def test_a_delay_ends_at_the_expiry_when_it_would_reach_past_it(
    store: Store, make: Samples, queue: Queue
) -> None:
    await make.add_deliveries(make.delivery(expires_at=store.now() + timedelta(seconds=0.05)))
    (claimed,) = await queue.claim()
    await queue.record(queue.result(claimed, DeliveryStatus.PENDING, delay=3600.0))
    await store.after(0.06)

    (again,) = await queue.claim()
    assert again.expired is True


async def test_a_lease_holds_longer_when_it_was_renewed(store: Store, make: Samples, queue: Queue) -> None:
    await make.add_notification(deliveries=2)
    kept, dropped = await queue.claim(lease=SHORT)
    assert await queue.renew(kept) == {kept.delivery.id}
    await store.after(SHORTLY)

    assert ids_of(await Queue(store, OTHER_WORKER).claim_suspects()) == [dropped.delivery.id]
    assert await queue.renew(kept, dropped) == {kept.delivery.id}
    await queue.record(queue.result(kept, DeliveryStatus.SENT))
    assert await queue.renew(kept) == set()
    assert await queue.renew() == set()


async def test_it_is_due_at_once_and_uncounted_when_released(store: Store, make: Samples, queue: Queue) -> None:
    await make.add_deliveries(make.delivery())
    (claimed,) = await queue.claim()
    store.wake_ups.sent.clear()
    await queue.release(claimed)

    assert store.wake_ups.sent == [[QUEUE]]
    (again,) = await queue.claim()
    assert again.delivery.id == claimed.delivery.id
    assert (again.delivery.rounds, again.delivery.suspicion) == (0, Suspicion.NONE)
    assert again.token > claimed.token
    assert (await queue.view(again)).attempts == ()


async def test_nothing_is_given_back_when_the_lease_is_not_ours_any_more(
    store: Store, make: Samples, queue: Queue
) -> None:
    await make.add_deliveries(make.delivery())
    (claimed,) = await queue.claim(lease=SHORT)
    await store.after(SHORTLY)
    (taken,) = await Queue(store, OTHER_WORKER).claim_suspects()
    await queue.release(claimed)

    assert await queue.claim() == []
    assert await queue.renew(taken) == {taken.delivery.id}


async def test_the_age_is_that_of_the_longest_waiting_when_asked(store: Store, make: Samples, queue: Queue) -> None:
    assert await queue.oldest_due_age() == 0.0
    await make.add_deliveries(make.delivery(priority=Priority.BULK), make.delivery(channel=Channel.SMS))
    await store.after(0.03)
    await make.add_deliveries(make.delivery(target="u2"))

    assert 0.02 <= await queue.oldest_due_age() < 30
    assert await queue.oldest_due_age("slow") == 0.0
    assert await queue.oldest_due_age(channel=Channel.PUSH) == 0.0


async def test_the_age_is_zero_when_nothing_is_due(store: Store, make: Samples, queue: Queue) -> None:
    await make.add_notification(deliveries=2)
    delayed, _leased = await queue.claim()
    await queue.record(queue.result(delayed, DeliveryStatus.PENDING, delay=60.0))
    await store.after(0.01)

    assert await queue.oldest_due_age() == 0.0
