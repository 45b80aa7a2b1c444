"""DeliveryRepository, over every store."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from application.notifications.ports import DeliveryFilter
from application.ports.delivery_repository import DeliveryRepository
from domain.notifications.channel import Channel
from domain.notifications.delivery import Priority
from domain.notifications.delivery_status import DeliveryStatus
from tests.contracts.samples import QUEUE, SCOPE, TENANT, Samples
from tests.contracts.stores import Store


@asynccontextmanager
async def repository_of(store: Store) -> AsyncIterator[DeliveryRepository]:
    async with store.unit_of_work() as uow:
        yield uow.deliveries
        await uow.commit()


async def claim(store: Store, limit: int = 10) -> int:
    """Lease due deliveries; returns how many there were."""
    async with store.unit_of_work() as uow:
        claimed = await uow.delivery_queue.claim(
            SCOPE, queue=QUEUE, channel=Channel.EMAIL, priority=Priority.NORMAL, limit=limit, lease_seconds=60
        )
        await uow.commit()
    return len(claimed)


async def test_a_repeat_is_left_out_when_the_expansion_runs_twice(store: Store, make: Samples) -> None:
    first = make.delivery()
    repeated, fresh = replace(first, id=make.ids.new()), make.delivery()
    async with repository_of(store) as deliveries:
        assert await deliveries.add_many([first]) == {first.id}
    async with repository_of(store) as deliveries:
        assert await deliveries.add_many([repeated, fresh]) == {fresh.id}
        assert await deliveries.add_many([]) == set()


async def test_one_is_stored_when_it_is_repeated_in_one_call(store: Store, make: Samples) -> None:
    first = make.delivery()
    async with repository_of(store) as deliveries:
        stored = await deliveries.add_many([first, replace(first, id=make.ids.new())])

    assert len(stored) == 1
    assert await claim(store) == 1


@pytest.mark.parametrize(
    "change", [{"target": "u2"}, {"step": "remind"}, {"channel": Channel.SMS}, {"generation": 1}], ids=str
)
async def test_both_are_stored_when_one_part_of_the_key_differs(
    store: Store, make: Samples, change: dict[str, Any]
) -> None:
    first = make.delivery()
    other = replace(first, id=make.ids.new(), **change)
    async with repository_of(store) as deliveries:
        assert await deliveries.add_many([first, other]) == {first.id, other.id}


async def test_a_full_page_is_stored_when_added_at_once(store: Store, make: Samples) -> None:
    page = [make.delivery(target=f"u{number}") for number in range(500)]
    async with repository_of(store) as deliveries:
        assert await deliveries.add_many(page) == {delivery.id for delivery in page}


async def test_open_ones_are_counted_up_to_the_limit_when_asked(store: Store, make: Samples) -> None:
    notification, _ = await make.add_notification(deliveries=3)
    await make.add_notification(deliveries=2)
    await make.add_deliveries(make.delivery(notification_id=notification.id, target="x", status=DeliveryStatus.SENT))
    assert await claim(store, limit=1) == 1

    async with repository_of(store) as deliveries:
        assert await deliveries.open_count(TENANT, notification.id, 10) == 3
        assert await deliveries.open_count(TENANT, notification.id, 2) == 2
        assert await deliveries.open_count(TENANT, make.ids.new(), 10) == 0


async def test_only_waiting_ones_are_cancelled_when_one_is_being_sent(store: Store, make: Samples) -> None:
    notification, _ = await make.add_notification(deliveries=4)
    other, _ = await make.add_notification(deliveries=1)
    assert await claim(store, limit=1) == 1

    at = store.now()
    async with repository_of(store) as deliveries:
        assert await deliveries.cancel_pending(TENANT, notification.id, at, 2) == 2
        assert await deliveries.cancel_pending(TENANT, notification.id, at, 2) == 1
        assert await deliveries.cancel_pending(TENANT, notification.id, at, 2) == 0

    views = await store.notifications.deliveries(TENANT, notification.id, DeliveryFilter(), before=None, limit=10)
    assert sorted(view.status for view in views) == ["cancelled", "cancelled", "cancelled", "sending"]
    cancelled = {(view.reason, view.finished_at, view.next_attempt_at) for view in views if view.status == "cancelled"}
    assert cancelled == {("cancelled", at, None)}
    assert await store.notifications.counts_by_status(TENANT, other.id) == {DeliveryStatus.PENDING: 1}
    assert await claim(store) == 1


async def test_those_of_one_recipient_are_cancelled_when_it_is_gone(store: Store, make: Samples) -> None:
    first, _ = await make.add_notification(deliveries=2)
    second, _ = await make.add_notification(deliveries=2)
    await make.add_deliveries(
        make.delivery(notification_id=second.id, target="u0", channel=Channel.SMS),
        make.delivery(notification_id=second.id, target="u0", channel=Channel.IN_APP, status=DeliveryStatus.SENT),
    )

    async with repository_of(store) as deliveries:
        gone = await deliveries.cancel_pending_for(TENANT, "u0", store.now(), 10)
        assert await deliveries.cancel_pending_for(TENANT, "u0", store.now(), 10) == {}

    assert gone == {first.id: 1, second.id: 2}
    assert await store.notifications.counts_by_status(TENANT, first.id) == {
        DeliveryStatus.CANCELLED: 1,
        DeliveryStatus.PENDING: 1,
    }


async def test_no_more_than_the_limit_are_cancelled_when_one_recipient_has_many(store: Store, make: Samples) -> None:
    await make.add_deliveries(*(make.delivery(target="u1") for _ in range(5)))

    async with repository_of(store) as deliveries:
        numbers = [sum((await deliveries.cancel_pending_for(TENANT, "u1", store.now(), 2)).values()) for _ in range(4)]

    assert numbers == [2, 2, 1, 0]
