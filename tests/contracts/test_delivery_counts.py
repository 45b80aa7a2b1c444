"""UnitOfWork, over every store: deliveries that ended are counted once, whoever ended them (I8)."""

import pytest

from application.ports.unit_of_work import SystemUnitOfWork
from domain.notifications.channel import Channel
from domain.notifications.delivery_status import FINAL, DeliveryStatus
from tests.contracts.queue_calls import Queue
from tests.contracts.samples import TENANT, Samples
from tests.contracts.stores import Store

RECORDED = "deliveries_recorded_total"


class Broken(Exception):
    """What goes wrong"""


def counted(store: Store, channel: Channel = Channel.EMAIL) -> dict[str, float]:
    """By final status, where there are any."""
    found = {status.value: store.metrics.count(RECORDED, channel=channel, status=status.value) for status in FINAL}
    return {status: number for status, number in found.items() if number}


@pytest.mark.parametrize("status", sorted(FINAL))
async def test_delivery_that_ends_at_its_birth_is_counted_when_it_is_stored(
    store: Store, make: Samples, status: DeliveryStatus
) -> None:
    one = make.delivery(channel=Channel.IN_APP, status=status, finished_at=store.now())
    await make.add_deliveries(one)
    await make.add_deliveries(make.delivery(notification_id=one.notification_id, channel=Channel.IN_APP, status=status))

    assert counted(store, Channel.IN_APP) == {status.value: 1}


async def test_results_are_counted_when_they_are_final_and_their_lease_is_held(store: Store, make: Samples) -> None:
    queue = Queue(store)
    await make.add_notification(deliveries=4)
    sent, failed, retried, released = await queue.claim()
    await queue.record(
        queue.result(sent, DeliveryStatus.SENT),
        queue.result(failed, DeliveryStatus.FAILED),
        queue.result(retried, DeliveryStatus.PENDING, delay=60.0),
    )
    await queue.record(queue.result(sent, DeliveryStatus.FAILED))
    await queue.release(released)

    assert counted(store) == {"sent": 1, "failed": 1}


async def test_each_is_counted_when_several_are_cancelled(store: Store, make: Samples) -> None:
    notification, _ = await make.add_notification(deliveries=3)
    await make.add_deliveries(make.delivery(target="gone"))
    async with store.unit_of_work() as uow:
        await uow.deliveries.cancel_pending(TENANT, notification.id, store.now(), 10)
        await uow.deliveries.cancel_pending_for(TENANT, "gone", store.now(), 10)
        await uow.commit()

    assert counted(store) == {"cancelled": 4}


async def test_nothing_is_counted_when_it_is_not_committed(store: Store, make: Samples) -> None:
    async with store.unit_of_work() as uow:
        await uow.deliveries.add_many([make.delivery(status=DeliveryStatus.SENT, finished_at=store.now())])

    assert counted(store) == {}


async def test_nothing_is_counted_when_it_was_undone(store: Store, make: Samples) -> None:
    async def end_and_break(uow: SystemUnitOfWork) -> None:
        async with uow.savepoint():
            await uow.deliveries.add_many([make.delivery(status=DeliveryStatus.SENT, finished_at=store.now())])
            raise Broken

    async with store.unit_of_work() as uow:
        with pytest.raises(Broken):
            await end_and_break(uow)
        await uow.commit()

    assert counted(store) == {}
