"""UnitOfWork, over every store: an event for each delivery that ended, while somebody subscribes."""

import pytest

from application.ports.event_relay import SealedEvent
from application.ports.unit_of_work import SystemUnitOfWork
from application.relay.event_interest import EventInterest
from domain.notifications.channel import Channel
from domain.notifications.delivery_status import FINAL, DeliveryStatus
from domain.notifications.events import DELIVERY_EVENTS
from tests.contracts.queue_calls import Queue
from tests.contracts.samples import SCOPE, STRANGER, TENANT, Samples
from tests.contracts.stores import Store


async def subscribe(store: Store, *patterns: str) -> None:
    async with store.unit_of_work() as uow:
        await uow.relay.announce(SCOPE, {"listeners": patterns})
        await uow.commit()
    store.interest.expire()


async def written(store: Store) -> list[SealedEvent]:
    async with store.unit_of_work() as uow:
        await uow.relay.seal(SCOPE, 100)
        await uow.commit()
    async with store.unit_of_work() as uow:
        return await uow.relay.read_after(SCOPE, 0, 100)


async def end_some(store: Store, make: Samples) -> None:
    """Deliveries that end in each of the ways that there are: at birth, by a result, by a cancellation."""
    queue = Queue(store)
    await make.add_deliveries(make.delivery(status=DeliveryStatus.SUPPRESSED, finished_at=store.now()))
    notification, _ = await make.add_notification(deliveries=3)
    claimed = await queue.claim()
    await queue.record(*(queue.result(each, DeliveryStatus.SENT) for each in claimed))
    await make.add_deliveries(
        make.delivery(notification_id=notification.id, target="late"), make.delivery(target="gone")
    )
    async with store.unit_of_work() as uow:
        assert await uow.deliveries.cancel_pending(TENANT, notification.id, store.now(), 10) == 1
        assert await uow.deliveries.cancel_pending_for(TENANT, "gone", store.now(), 10)
        await uow.commit()


async def test_nothing_is_written_when_nobody_subscribes(store: Store, make: Samples) -> None:
    await end_some(store, make)

    assert await written(store) == []


async def test_nothing_is_written_when_others_are_subscribed_to(store: Store, make: Samples) -> None:
    await subscribe(store, "notification.*", "delivery.bounced")
    await end_some(store, make)

    assert await written(store) == []


async def test_each_end_has_its_event_when_somebody_subscribes(store: Store, make: Samples) -> None:
    await subscribe(store, "delivery.*")
    await end_some(store, make)

    assert [(event.type, event.data["subscriber_id"]) for event in await written(store)] == [
        ("delivery.suppressed", "u1"),
        ("delivery.sent", "u0"),
        ("delivery.sent", "u1"),
        ("delivery.sent", "u2"),
        ("delivery.cancelled", "late"),
        ("delivery.cancelled", "gone"),
    ]


async def test_only_the_types_subscribed_to_are_written_when_others_happen_too(store: Store, make: Samples) -> None:
    await subscribe(store, "delivery.cancelled")
    await end_some(store, make)

    assert {event.type for event in await written(store)} == {"delivery.cancelled"}


@pytest.mark.parametrize("status", sorted(FINAL))
async def test_the_event_tells_what_became_of_it_when_a_delivery_ends(
    store: Store, make: Samples, status: DeliveryStatus
) -> None:
    await subscribe(store, "delivery.*")
    delivery = make.delivery(
        tenant_id=STRANGER, target="ann", channel=Channel.SMS, status=status, reason="why", finished_at=store.now()
    )
    with store.trace.scope(None):
        trace = store.trace.carried()
        await make.add_deliveries(delivery)

    assert await written(store) == [
        SealedEvent(
            position=1,
            id=(await written(store))[0].id,
            tenant_id=STRANGER,
            type=DELIVERY_EVENTS[status].type,
            schema_version=1,
            aggregate_id=f"delivery:{delivery.id}",
            occurred_at=store.now() if delivery.finished_at is None else delivery.finished_at,
            data={
                "notification_id": str(delivery.notification_id),
                "subscriber_id": "ann",
                "channel": "sms",
                "reason": "why",
            },
            trace=trace,
        )
    ]


async def test_no_event_is_written_when_the_delivery_goes_on(store: Store, make: Samples) -> None:
    await subscribe(store, "delivery.*")
    queue = Queue(store)
    await make.add_notification(deliveries=2)
    retried, released = await queue.claim()
    await queue.record(queue.result(retried, DeliveryStatus.PENDING, delay=1.0))
    await queue.release(released)

    assert await written(store) == []


async def test_no_event_is_written_when_the_lease_was_lost(store: Store, make: Samples) -> None:
    await subscribe(store, "delivery.*")
    queue = Queue(store)
    await make.add_notification(deliveries=1)
    (claimed,) = await queue.claim()
    await queue.record(queue.result(claimed, DeliveryStatus.SENT))
    await queue.record(queue.result(claimed, DeliveryStatus.FAILED))

    assert [event.type for event in await written(store)] == ["delivery.sent"]


async def test_no_event_is_written_when_the_end_was_undone(store: Store, make: Samples) -> None:
    class Broken(Exception):
        """What goes wrong"""

    await subscribe(store, "delivery.*")
    one = make.delivery(status=DeliveryStatus.SENT, finished_at=store.now())

    async def end_and_break(uow: SystemUnitOfWork) -> None:
        async with uow.savepoint():
            await uow.deliveries.add_many([one])
            raise Broken

    async with store.unit_of_work() as uow:
        with pytest.raises(Broken):
            await end_and_break(uow)
        await uow.commit()

    assert await written(store) == []


async def test_no_event_is_written_when_a_delivery_was_there_already(store: Store, make: Samples) -> None:
    one = make.delivery(status=DeliveryStatus.SENT, finished_at=store.now())
    await make.add_deliveries(one)
    await subscribe(store, "delivery.*")
    await make.add_deliveries(make.delivery(notification_id=one.notification_id, status=DeliveryStatus.SENT))

    assert await written(store) == []


async def test_what_is_known_is_used_when_it_is_fresh(store: Store, make: Samples) -> None:
    await end_some(store, make)
    assert store.interest.fresh
    async with store.unit_of_work() as uow:
        await uow.relay.announce(SCOPE, {"listeners": {"delivery.*"}})
        await uow.commit()
    await make.add_deliveries(make.delivery(status=DeliveryStatus.SENT, finished_at=store.now()))
    before = await written(store)
    store.interest.expire()
    await make.add_deliveries(make.delivery(status=DeliveryStatus.SENT, finished_at=store.now()))

    assert (len(before), len(await written(store))) == (0, 1)
    assert isinstance(store.interest, EventInterest)
