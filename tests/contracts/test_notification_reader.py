"""NotificationReader, over every store."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from application.notifications.ports import DeliveryFilter, NotificationFilter, NotificationReader
from application.notifications.views import DeliveryView
from application.ports.delivery_queue import DeliveryResult
from domain.notifications.attempt import AttemptOutcome
from domain.notifications.channel import Channel
from domain.notifications.delivery import Delivery, Priority
from domain.notifications.delivery_status import DeliveryStatus
from domain.notifications.notification_status import Counts, NotificationStatus
from tests.contracts.samples import QUEUE, SCOPE, TENANT, Samples
from tests.contracts.stores import Store


async def pages(reader: NotificationReader, wanted: NotificationFilter, limit: int) -> list[list[UUID]]:
    """All pages of a list, as a client turns them."""
    found: list[list[UUID]] = []
    before: UUID | None = None
    while page := await reader.page(TENANT, wanted, before=before, limit=limit):
        found.append([one.id for one in page])
        before = page[-1].id
    return found


async def test_pages_are_newest_first_and_complete_when_turned(store: Store, make: Samples) -> None:
    ids = [(await make.add_notification())[0].id for _ in range(5)]
    newest_first = ids[::-1]

    assert await pages(store.notifications, NotificationFilter(), 2) == [
        newest_first[:2],
        newest_first[2:4],
        newest_first[4:],
    ]


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        (NotificationFilter(), [2, 1, 0]),
        (NotificationFilter(statuses=("processing",)), [1]),
        (NotificationFilter(statuses=("processing", "scheduled")), [2, 1]),
        (NotificationFilter(workflows=("welcome", "unknown")), [0]),
        (NotificationFilter(subscribers=("u0",)), [1]),
        (NotificationFilter(subscribers=("u1", "u0")), [1]),
        (NotificationFilter(subscribers=("nobody",)), []),
        (NotificationFilter(tags=("a",)), [1, 0]),
        (NotificationFilter(tags=("b", "c")), [2, 1]),
        (NotificationFilter(tags=("a",), statuses=("completed",)), [0]),
    ],
)
async def test_only_what_matches_is_listed_when_filtered(
    store: Store, make: Samples, wanted: NotificationFilter, numbers: Sequence[int]
) -> None:
    stored = [
        (await make.add_notification(workflow="welcome", tags=("a",)))[0],
        (await make.add_notification(deliveries=2, tags=("a", "b")))[0],
        (await make.add_notification(send_at=store.now() + timedelta(hours=1), expanded=False, tags=("c",)))[0],
    ]

    found = await store.notifications.page(TENANT, wanted, before=None, limit=10)

    assert [one.id for one in found] == [stored[number].id for number in numbers]


async def test_bounds_are_exclusive_when_filtered_by_time(store: Store, make: Samples) -> None:
    start = store.now()
    times = [start + timedelta(seconds=second) for second in range(4)]
    ids = [(await make.add_notification(created_at=at))[0].id for at in times]

    wanted = NotificationFilter(created_after=times[0], created_before=times[3])
    found = await store.notifications.page(TENANT, wanted, before=None, limit=10)

    assert [one.id for one in found] == [ids[2], ids[1]]


async def test_nothing_is_found_when_it_does_not_exist(store: Store, make: Samples) -> None:
    reader = store.notifications
    assert await reader.get(TENANT, make.ids.new()) is None
    assert await reader.by_transaction(TENANT, "t1") is None
    assert await reader.deliveries(TENANT, make.ids.new(), DeliveryFilter(), before=None, limit=10) == []
    assert await reader.counts_by_status(TENANT, make.ids.new()) == {}


async def claim_and_record(store: Store, notification_id: UUID, status: DeliveryStatus, make: Samples) -> UUID:
    """Claim one delivery and give it this status with one attempt."""
    async with store.unit_of_work() as uow:
        (claimed,) = await uow.delivery_queue.claim(
            SCOPE, queue=QUEUE, channel=Channel.EMAIL, priority=Priority.NORMAL, limit=1, lease_seconds=60
        )
        again = status is DeliveryStatus.PENDING
        result = DeliveryResult(
            delivery_id=claimed.delivery.id,
            notification_id=notification_id,
            tenant_id=TENANT,
            token=claimed.token,
            status=status,
            reason="rounds_exhausted" if status is DeliveryStatus.FAILED else None,
            rounds=1,
            delay=60.0 if again else None,
            attempts=[make.attempt(claimed.delivery.id)],
            finished_at=None if again else store.now(),
        )
        assert await uow.delivery_queue.record(SCOPE, [result]) == set()
        await uow.commit()
    return claimed.delivery.id


async def test_counts_are_those_of_the_deliveries_when_nothing_is_folded(store: Store, make: Samples) -> None:
    notification, _ = await make.add_notification(deliveries=5)
    for status in (DeliveryStatus.SENT, DeliveryStatus.FAILED, DeliveryStatus.PENDING):
        await claim_and_record(store, notification.id, status, make)
    async with store.unit_of_work() as uow:
        await uow.delivery_queue.claim(
            SCOPE, queue=QUEUE, channel=Channel.EMAIL, priority=Priority.NORMAL, limit=1, lease_seconds=60
        )
        await uow.commit()

    read = await store.notifications.get(TENANT, notification.id)
    assert read is not None
    assert read.counts == Counts(pending=2, sending=1, sent=1, failed=1)
    assert read.status is NotificationStatus.PROCESSING
    assert await store.notifications.counts_by_status(TENANT, notification.id) == {
        DeliveryStatus.PENDING: 2,
        DeliveryStatus.SENDING: 1,
        DeliveryStatus.SENT: 1,
        DeliveryStatus.FAILED: 1,
    }
    assert (await store.notifications.page(TENANT, NotificationFilter(), before=None, limit=1))[0] == read


async def test_the_status_follows_the_deliveries_when_nothing_is_folded(store: Store, make: Samples) -> None:
    notification, _ = await make.add_notification(deliveries=2)
    await claim_and_record(store, notification.id, DeliveryStatus.SENT, make)
    await claim_and_record(store, notification.id, DeliveryStatus.FAILED, make)

    read = await store.notifications.get(TENANT, notification.id)
    assert read is not None
    assert read.status is NotificationStatus.PARTIALLY_FAILED
    assert read.finished_at is not None


async def deliveries(store: Store, notification_id: UUID, **wanted: tuple[str, ...]) -> list[DeliveryView]:
    return await store.notifications.deliveries(
        TENANT, notification_id, DeliveryFilter(**wanted), before=None, limit=10
    )


async def test_a_delivery_is_shown_with_its_attempts_when_read(store: Store, make: Samples) -> None:
    notification, _ = await make.add_notification()
    delivery = make.delivery(notification_id=notification.id, step="remind", generation=2, replay_of=make.ids.new())
    await make.add_deliveries(delivery)
    await claim_and_record(store, notification.id, DeliveryStatus.FAILED, make)
    attempts = [
        make.attempt(delivery.id, round=2, provider=None, outcome=AttemptOutcome.ABANDONED, error_code="worker.died"),
        make.attempt(delivery.id, round=2, outcome=AttemptOutcome.THROTTLED, status_code=421, detail="é" * 2_000),
    ]
    async with store.unit_of_work() as uow:
        await uow.delivery_queue.append_attempts(SCOPE, attempts[::-1])
        await uow.commit()

    (view,) = await deliveries(store, notification.id)
    assert replace(view, attempts=(), finished_at=None) == DeliveryView(
        id=delivery.id,
        notification_id=notification.id,
        subscriber_id="u1",
        step="remind",
        channel="email",
        status="failed",
        reason="rounds_exhausted",
        generation=2,
        replay_of=delivery.replay_of,
        rounds=1,
        next_attempt_at=None,
        created_at=delivery.created_at,
        finished_at=None,
        receipt=None,
    )
    assert view.finished_at is not None
    assert [(one.round, one.provider, one.outcome, one.status_code) for one in view.attempts] == [
        (1, "smtp", "ok", 250),
        (2, None, "abandoned", 250),
        (2, "smtp", "throttled", 421),
    ]
    assert view.attempts[2].detail == "é" * 2_000
    assert {one.provider_message_id for one in view.attempts} == {attempts[0].provider_message_id}


async def test_the_next_attempt_is_told_when_a_delivery_waits(store: Store, make: Samples) -> None:
    notification, _ = await make.add_notification(deliveries=1)
    (fresh,) = await deliveries(store, notification.id)
    assert fresh.next_attempt_at is not None
    assert (fresh.step, fresh.attempts) == (None, ())

    await claim_and_record(store, notification.id, DeliveryStatus.PENDING, make)
    (waiting,) = await deliveries(store, notification.id)
    assert waiting.next_attempt_at is not None
    assert timedelta(seconds=50) < waiting.next_attempt_at - store.now() <= timedelta(seconds=61)


async def test_no_next_attempt_is_told_when_a_delivery_is_being_sent(store: Store, make: Samples) -> None:
    notification, _ = await make.add_notification(deliveries=1)
    async with store.unit_of_work() as uow:
        await uow.delivery_queue.claim(
            SCOPE, queue=QUEUE, channel=Channel.EMAIL, priority=Priority.NORMAL, limit=1, lease_seconds=60
        )
        await uow.commit()

    (view,) = await deliveries(store, notification.id)
    assert (view.status, view.next_attempt_at) == ("sending", None)


async def test_deliveries_are_newest_first_when_paged_and_filtered(store: Store, make: Samples) -> None:
    notification, _ = await make.add_notification()

    def one(target: str, channel: Channel, status: DeliveryStatus) -> Delivery:
        return make.delivery(notification_id=notification.id, target=target, channel=channel, status=status)

    stored = [
        one("u1", Channel.EMAIL, DeliveryStatus.PENDING),
        one("u1", Channel.IN_APP, DeliveryStatus.SENT),
        one("u2", Channel.EMAIL, DeliveryStatus.SUPPRESSED),
    ]
    await make.add_deliveries(*stored, make.delivery())
    oldest, middle, newest = [delivery.id for delivery in stored]

    async def found(**wanted: tuple[str, ...]) -> list[UUID]:
        return [view.id for view in await deliveries(store, notification.id, **wanted)]

    assert await found() == [newest, middle, oldest]
    assert await found(subscribers=("u1",)) == [middle, oldest]
    assert await found(channels=("email", "sms")) == [newest, oldest]
    assert await found(statuses=("sent", "pending"), subscribers=("u1", "u2")) == [middle, oldest]
    second = await store.notifications.deliveries(TENANT, notification.id, DeliveryFilter(), before=newest, limit=1)
    assert [view.id for view in second] == [middle]
