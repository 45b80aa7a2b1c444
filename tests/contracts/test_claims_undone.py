"""DeliveryQueue and JobStore, over every store: claims of a transaction that comes to nothing."""

import pytest

from application.ports.delivery_queue import ClaimedDelivery
from domain.notifications.channel import Channel
from domain.notifications.delivery import Priority
from tests.contracts.job_calls import Jobs, token_of
from tests.contracts.queue_calls import LONG, Queue, ids_of
from tests.contracts.samples import QUEUE, SCOPE, TENANT, Samples
from tests.contracts.stores import Store


class Broken(Exception):
    """What a transaction ends with"""


async def claim_in_vain(store: Store, make: Samples, claimed: list[ClaimedDelivery], *, later: bool) -> None:
    async with store.unit_of_work() as uow:
        claimed += await uow.delivery_queue.claim(
            SCOPE, queue=QUEUE, channel=Channel.EMAIL, priority=Priority.NORMAL, limit=10, lease_seconds=LONG
        )
        await uow.subscribers.get_many(TENANT, {"u1", "u2"})
        if later:
            await uow.topics.add(make.topic())
        raise Broken


@pytest.mark.parametrize("later", [False, True], ids=["alone", "before something else"])
async def test_deliveries_are_due_as_they_were_when_what_follows_a_claim_fails(
    store: Store, make: Samples, *, later: bool
) -> None:
    queue = Queue(store)
    older, newer = make.delivery(target="u1"), make.delivery(target="u2")
    await make.add_deliveries(older)
    await store.after(0.003)
    await make.add_deliveries(newer)
    claimed: list[ClaimedDelivery] = []
    with pytest.raises(Broken):
        await claim_in_vain(store, make, claimed, later=later)

    assert len(claimed) == 2
    assert (await queue.view(claimed[0])).status == "pending"
    assert not await queue.suspects_waiting()
    assert await queue.renew(*claimed) == set()
    again = await queue.claim()
    assert ids_of(again) == [older.id, newer.id]
    assert [(one.delivery.rounds, int(one.delivery.suspicion)) for one in again] == [(0, 0)] * 2
    assert await store.topics.get(TENANT, "project:1") is None


async def test_a_claim_stays_when_it_was_committed(store: Store, make: Samples) -> None:
    queue = Queue(store)
    await make.add_deliveries(make.delivery())
    (claimed,) = await queue.claim()
    async with store.unit_of_work() as uow:
        assert await uow.delivery_queue.due_lines(SCOPE, [QUEUE], Channel.EMAIL) == set()

    assert await queue.renew(claimed) == {claimed.delivery.id}


async def test_a_job_has_not_been_tried_when_its_claim_came_to_nothing(store: Store, make: Samples) -> None:
    jobs = Jobs(store)
    await make.add_job()
    async with store.unit_of_work() as uow:
        (claimed,) = await uow.job_store.claim(
            SCOPE, queue="default", priority=Priority.NORMAL, limit=1, lease_seconds=LONG
        )
        assert claimed.attempts == 1

    assert not await jobs.suspects_waiting()
    (again,) = await jobs.claim()
    assert (again.id, again.attempts) == (claimed.id, 1)
    assert token_of(again) >= token_of(claimed)
