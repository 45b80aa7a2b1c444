"""Everything that one acceptance writes, over every store: alone in its transaction, and after something else."""

import asyncio
from uuid import UUID

import pytest

from application.ports.notification_repository import TransactionTaken
from application.ports.unit_of_work import SystemUnitOfWork
from domain.notifications.channel import Channel
from domain.notifications.delivery import Delivery, Priority
from domain.notifications.delivery_status import DeliveryStatus
from domain.notifications.notification import Notification
from domain.subscribers.subscriber import Subscriber
from tests.contracts.samples import QUEUE, SCOPE, TENANT, Samples, push_arrival
from tests.contracts.stores import Store

# Below and above what is written as single values.
SIZES = (1, 3, 9)
EARLIER = pytest.mark.parametrize("earlier", [False, True], ids=["alone", "after something else"])


async def accept(
    uow: SystemUnitOfWork, make: Samples, notification: Notification, readers: list[Subscriber]
) -> list[Delivery]:
    """As the use case does: an e-mail and an inbox item for each."""
    mails = [make.delivery(notification_id=notification.id, target=reader.subscriber_id) for reader in readers]
    shown = [
        make.delivery(
            notification_id=notification.id,
            target=reader.subscriber_id,
            channel=Channel.IN_APP,
            status=DeliveryStatus.SENT,
            finished_at=make.store.now(),
        )
        for reader in readers
    ]
    await uow.deliveries.add_fresh([*mails, *shown])
    items = [make.item(reader.id, notification_id=notification.id) for reader in readers]
    await uow.inbox.add_many(items)
    for item in items:
        push_arrival(uow, item)
    await uow.notifications.add(notification)
    uow.events.append(make.event(aggregate_id=f"notification:{notification.id}"))
    return mails


async def accepted(
    store: Store, make: Samples, notification: Notification, readers: list[Subscriber], *, earlier: bool
) -> list[Delivery]:
    async with store.unit_of_work() as uow:
        if earlier:
            await uow.topics.add(make.topic())
        mails = await accept(uow, make, notification, readers)
        await uow.commit()
    return mails


async def readers_of(make: Samples, size: int) -> list[Subscriber]:
    return [await make.add_subscriber(f"u{number}") for number in range(size)]


async def due(store: Store, limit: int = 100) -> set[UUID]:
    async with store.unit_of_work() as uow:
        claimed = await uow.delivery_queue.claim(
            SCOPE, queue=QUEUE, channel=Channel.EMAIL, priority=Priority.NORMAL, limit=limit, lease_seconds=60
        )
        await uow.commit()
    return {one.delivery.id for one in claimed}


@EARLIER
@pytest.mark.parametrize("size", SIZES)
async def test_all_of_it_is_there_when_it_is_committed(
    store: Store, make: Samples, size: int, *, earlier: bool
) -> None:
    readers = await readers_of(make, size)
    notification = make.notification(tags=("a", "b"), transaction_id="t1")
    store.hints.published.clear()
    mails = await accepted(store, make, notification, readers, earlier=earlier)

    found = await store.notifications.get(TENANT, notification.id)
    assert found is not None
    assert found.tags == ("a", "b")
    assert await due(store) == {mail.id for mail in mails}
    heads = await store.streams.heads(SCOPE, [reader.id for reader in readers])
    assert [(head.seq, head.unread, head.unseen) for head in heads.values()] == [(1, 1, 1)] * size
    hinted = {hint.stream_id: (hint.epoch, hint.seq, hint.unread) for hint in store.hints.published}
    assert hinted == {head.stream_id: (head.epoch, 1, 1) for head in heads.values()}
    async with store.unit_of_work() as uow:
        assert await uow.relay.seal(SCOPE, 100) == 1


@EARLIER
async def test_nothing_of_it_is_there_when_the_transaction_id_is_taken(
    store: Store, make: Samples, *, earlier: bool
) -> None:
    readers = await readers_of(make, 2)
    await make.add_notification(transaction_id="t1")
    again = make.notification(transaction_id="t1")
    with pytest.raises(TransactionTaken):
        await accepted(store, make, again, readers, earlier=earlier)

    assert await due(store) == set()
    assert (await make.head(readers[0].id)).seq == 0
    assert await store.notifications.get(TENANT, again.id) is None


async def test_the_updates_of_a_stream_that_is_gone_are_left_out_when_the_rest_is_written(
    store: Store, make: Samples
) -> None:
    here, gone = await readers_of(make, 2)
    async with store.unit_of_work() as uow:
        await uow.subscribers.delete(TENANT, gone.subscriber_id)
        await uow.commit()
    await make.push(make.update(here.id), make.update(gone.id), make.update(here.id))

    assert (await make.head(here.id)).seq == 2


async def test_every_place_is_given_once_when_many_move_the_same_streams_at_once(store: Store, make: Samples) -> None:
    readers = await readers_of(make, 3)

    async def push(number: int) -> None:
        # In another order each: who locks as they come waits in a circle.
        turned = readers[number % 3 :] + readers[: number % 3]
        await make.push(*(make.update(reader.id, unread=1) for reader in turned))

    await asyncio.gather(*map(push, range(20)))

    for reader in readers:
        head = await make.head(reader.id)
        assert (head.seq, head.unread) == (20, 20)
        logged = await store.streams.read(SCOPE, reader.id, head.epoch, 0, 100)
        assert [update.seq for update in logged] == list(range(1, 21))
