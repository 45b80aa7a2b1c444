"""DeliveryQueue, over every store: results that come together, alone in their transaction and with others."""

import asyncio
from collections.abc import Sequence
from uuid import UUID

import pytest

from application.ports.delivery_queue import ClaimedDelivery, DeliveryResult
from domain.notifications.channel import Channel
from domain.notifications.delivery import POISON, Priority
from domain.notifications.delivery_status import DeliveryStatus
from domain.notifications.notification_status import Counts
from domain.shared.lease import Suspicion
from tests.contracts.queue_calls import LONG, SHORT, SHORTLY, Queue
from tests.contracts.samples import OTHER_WORKER, QUEUE, SCOPE, TENANT, Samples
from tests.contracts.stores import Store

# Below and above what one statement has as single values elsewhere.
SIZES = (1, 4, 9)
# As long as another transaction needs to come to a lock.
A_MOMENT = 0.1
COMPANY = pytest.mark.parametrize(
    "company", ["alone", "after something else", "before something else", "with a stream update"]
)


@pytest.fixture
def queue(store: Store) -> Queue:
    return Queue(store)


async def record(store: Store, make: Samples, results: Sequence[DeliveryResult], company: str) -> set[UUID]:
    reader = await make.add_subscriber("reader")
    async with store.unit_of_work() as uow:
        if company == "after something else":
            await uow.topics.add(make.topic())
        lost = await uow.delivery_queue.record(SCOPE, results)
        if company == "before something else":
            await uow.topics.add(make.topic())
        if company == "with a stream update":
            uow.streams.push(make.update(reader.id))
        await uow.commit()
    assert (await make.head(reader.id)).seq == (company == "with a stream update")
    assert (await store.topics.get(TENANT, "project:1") is not None) == ("something else" in company)
    return lost


def sent(make: Samples, queue: Queue, claimed: Sequence[ClaimedDelivery]) -> list[DeliveryResult]:
    return [
        queue.result(one, DeliveryStatus.SENT, attempts=[make.attempt(one.delivery.id) for _ in range(2)])
        for one in claimed
    ]


async def counts(store: Store, notification_id: UUID) -> Counts:
    read = await store.notifications.get(TENANT, notification_id)
    assert read is not None
    return read.counts


@COMPANY
@pytest.mark.parametrize("size", SIZES)
async def test_only_what_is_still_held_is_written_when_some_leases_were_lost(
    store: Store, make: Samples, queue: Queue, size: int, company: str
) -> None:
    notification, _ = await make.add_notification(deliveries=size)
    other, _ = await make.add_notification(deliveries=1)
    claimed = await queue.claim(100, lease=SHORT)
    await store.after(SHORTLY)
    stolen = await Queue(store, OTHER_WORKER).claim_suspects(limit=size // 2)
    kept = [one for one in claimed if one.delivery.id not in {taken.delivery.id for taken in stolen}]

    lost = await record(store, make, sent(make, queue, claimed), company)

    assert lost == {one.delivery.id for one in stolen}
    views = [await queue.view(one) for one in claimed]
    written = {view.id: (view.status, len(view.attempts), view.rounds) for view in views}
    assert written == {one.delivery.id: ("sent", 2, 1) for one in kept} | {
        one.delivery.id: ("sending", 0, 0) for one in stolen
    }
    assert {try_.provider_message_id for view in views for try_ in view.attempts} == ({"4bZkXq12Lz"} if kept else set())
    found = [await counts(store, notification.id), await counts(store, other.id)]
    assert sum(each.sent for each in found) == len(kept)
    assert sum(each.sending for each in found) == len(stolen)
    assert sum(each.pending for each in found) == 0


@COMPANY
async def test_each_kind_of_result_is_written_as_the_rules_say_when_they_come_together(
    store: Store, make: Samples, queue: Queue, company: str
) -> None:
    notification, _ = await make.add_notification(deliveries=6)
    claimed = await queue.claim()
    ends = [
        queue.result(claimed[0], DeliveryStatus.SENT),
        queue.result(claimed[1], DeliveryStatus.FAILED, reason=POISON),
        queue.result(claimed[2], DeliveryStatus.SUPPRESSED, reason="no_contact_point"),
        queue.result(claimed[3], DeliveryStatus.CANCELLED, reason="cancelled", rounds=0),
    ]
    waits = [
        queue.result(claimed[4], DeliveryStatus.PENDING, delay=0.0),
        queue.result(claimed[5], DeliveryStatus.PENDING, delay=60.0, reason="later"),
    ]

    assert await record(store, make, [*waits, *ends], company) == set()

    views = [await queue.view(one) for one in claimed]
    assert [(view.status, view.reason, view.rounds) for view in views] == [
        ("sent", None, 1),
        ("failed", POISON, 1),
        ("suppressed", "no_contact_point", 1),
        ("cancelled", "cancelled", 0),
        ("pending", None, 1),
        ("pending", "later", 1),
    ]
    assert [view.finished_at for view in views] == [result.finished_at for result in ends] + [None, None]
    assert await counts(store, notification.id) == Counts(pending=2, sent=1, failed=1, suppressed=1, cancelled=1)
    await store.after(SHORTLY)
    (again,) = await queue.claim()
    assert again.delivery.id == claimed[4].delivery.id


@COMPANY
async def test_nothing_is_held_against_a_delivery_any_more_when_it_was_run_to_its_end(
    store: Store, make: Samples, queue: Queue, company: str
) -> None:
    await make.add_deliveries(make.delivery())
    await queue.claim(lease=SHORT)
    await store.after(SHORTLY)
    (suspect,) = await queue.claim_suspects()
    assert suspect.delivery.suspicion is Suspicion.GROUP
    await record(store, make, [queue.result(suspect, DeliveryStatus.PENDING, delay=0.0)], company)
    await store.after(SHORTLY)

    (again,) = await queue.claim()
    assert (again.delivery.suspicion, again.delivery.crashes) == (Suspicion.NONE, 0)


async def test_nothing_of_it_is_there_when_the_results_are_not_committed(
    store: Store, make: Samples, queue: Queue
) -> None:
    notification, _ = await make.add_notification(deliveries=2)
    claimed = await queue.claim()
    async with store.unit_of_work() as uow:
        await uow.delivery_queue.record(SCOPE, sent(make, queue, claimed))

    views = [await queue.view(one) for one in claimed]
    assert [(view.status, view.attempts) for view in views] == [("sending", ())] * 2
    assert await counts(store, notification.id) == Counts(sending=2)
    assert await queue.renew(*claimed) == {one.delivery.id for one in claimed}


async def test_what_was_recorded_is_seen_when_it_is_asked_for_in_the_same_transaction(
    store: Store, make: Samples, queue: Queue
) -> None:
    await make.add_deliveries(make.delivery())
    (claimed,) = await queue.claim()
    async with store.unit_of_work() as uow:
        await uow.delivery_queue.record(SCOPE, [queue.result(claimed, DeliveryStatus.PENDING, delay=0.0)])
        due = await uow.delivery_queue.due_lines(SCOPE, [QUEUE], Channel.EMAIL)

    assert due == {(QUEUE, Priority.NORMAL)}


async def test_both_are_written_when_a_transaction_has_results_twice(store: Store, make: Samples, queue: Queue) -> None:
    notification, _ = await make.add_notification(deliveries=3)
    first, second, third = await queue.claim()
    async with store.unit_of_work() as uow:
        await uow.delivery_queue.record(SCOPE, sent(make, queue, [first]))
        await uow.delivery_queue.append_attempts(SCOPE, [make.attempt(third.delivery.id)])
        lost = await uow.delivery_queue.record(SCOPE, sent(make, queue, [first, second]))
        await uow.commit()

    assert lost == {first.delivery.id}
    assert await counts(store, notification.id) == Counts(sending=1, sent=2)
    assert [len((await queue.view(one)).attempts) for one in (first, second, third)] == [2, 2, 1]


async def test_each_end_is_told_once_when_results_are_lost(store: Store, make: Samples, queue: Queue) -> None:
    """Whether or not the event has a reader: the event and the count are of what was written."""
    async with store.unit_of_work() as uow:
        await uow.relay.announce(SCOPE, {"listeners": ["delivery.sent"]})
        await uow.commit()
    store.interest.expire()
    await make.add_notification(deliveries=3)
    claimed = await queue.claim(lease=SHORT)
    await store.after(SHORTLY)
    stolen = await Queue(store, OTHER_WORKER).claim_suspects(limit=1)
    lost = await queue.record(*sent(make, queue, claimed))

    assert lost == {stolen[0].delivery.id}
    async with store.unit_of_work() as uow:
        await uow.relay.seal(SCOPE, 100)
        events = await uow.relay.read_after(SCOPE, 0, 100)
    told = {event.aggregate_id for event in events}
    assert told == {f"delivery:{one.delivery.id}" for one in claimed} - {f"delivery:{stolen[0].delivery.id}"}


async def test_a_result_is_lost_when_another_one_is_committed_while_it_waits(
    store: Store, make: Samples, queue: Queue
) -> None:
    notification, _ = await make.add_notification(deliveries=3)
    claimed = await queue.claim()
    results = sent(make, queue, claimed)
    async with store.unit_of_work() as uow:
        await uow.topics.add(make.topic())
        assert await uow.delivery_queue.record(SCOPE, results) == set()
        late = asyncio.create_task(queue.record(*results))
        await asyncio.sleep(A_MOMENT)
        await uow.commit()

    assert await late == {one.delivery.id for one in claimed}
    assert await counts(store, notification.id) == Counts(sent=3)


async def test_nobody_waits_in_a_circle_when_the_same_is_reported_in_two_orders(
    store: Store, make: Samples, queue: Queue
) -> None:
    """Both have to wait for a row in the middle: who locked as they came would each hold what the other needs next."""
    notification, _ = await make.add_notification(deliveries=9)
    claimed = await queue.claim()
    results = sent(make, queue, sorted(claimed, key=lambda one: one.delivery.id))
    middle = results[4]
    async with store.unit_of_work() as uow:
        await uow.topics.add(make.topic())
        assert await uow.delivery_queue.renew(SCOPE, [(middle.delivery_id, middle.token)], LONG)
        reports = [asyncio.create_task(queue.record(*turned)) for turned in (results, results[::-1])]
        beat = asyncio.create_task(queue.renew(*claimed[::-1]))
        await asyncio.sleep(A_MOMENT)
        await uow.commit()

    assert sorted([len(lost) for lost in await asyncio.gather(*reports)]) == [0, 9]
    await beat
    assert await counts(store, notification.id) == Counts(sent=9)
