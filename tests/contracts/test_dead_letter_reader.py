"""DeadLetterReader, over every store."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import pytest

from application.notifications.ports import DeadLetterFilter, DeadLetterReader
from domain.notifications.channel import Channel
from domain.notifications.delivery import Delivery
from domain.notifications.delivery_status import DeliveryStatus
from domain.notifications.redrive import replay_of
from infrastructure.database.readers.dead_letters import SqlDeadLetterReader
from infrastructure.memory.dead_letters import MemoryDeadLetterReader
from tests.contracts.samples import SCOPE, STRANGER, TENANT, Samples
from tests.contracts.sql_store import SqlStore
from tests.contracts.stores import MemoryStore, Store

FAILED, EXPIRED, SUPPRESSED = DeliveryStatus.FAILED, DeliveryStatus.EXPIRED, DeliveryStatus.SUPPRESSED
NOT_SENT = tuple(status.value for status in (FAILED, EXPIRED, SUPPRESSED))


@pytest.fixture
def reader(store: Store) -> DeadLetterReader:
    if isinstance(store, MemoryStore):
        return MemoryDeadLetterReader(database=store._database)
    assert isinstance(store, SqlStore)
    return SqlDeadLetterReader(engines=store._engines)


async def stored(make: Samples, **changes: object) -> Delivery:
    """A delivery that failed, of a notification of its own."""
    notification, _ = await make.add_notification()
    delivery = make.delivery(**{"notification_id": notification.id, "status": FAILED, "reason": "gone", **changes})
    await make.add_deliveries(delivery)
    return delivery


async def test_pages_are_newest_first_over_all_notifications_and_statuses_when_turned(
    reader: DeadLetterReader, make: Samples
) -> None:
    statuses = (FAILED, EXPIRED, FAILED, DeliveryStatus.SENT, SUPPRESSED)
    ids = [(await stored(make, status=status)).id for status in statuses]
    wanted = DeadLetterFilter(statuses=NOT_SENT)

    first = await reader.page(TENANT, wanted, before=None, limit=2)
    second = await reader.page(TENANT, wanted, before=first[-1].id, limit=2)

    assert [one.id for one in (*first, *second)] == [ids[4], ids[2], ids[1], ids[0]]
    assert [one.id for one in await reader.page(TENANT, DeadLetterFilter(), before=None, limit=9)] == [ids[2], ids[0]]


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        (DeadLetterFilter(channels=("sms", "push")), [1]),
        (DeadLetterFilter(reasons=("gone",)), [1, 0]),
        (DeadLetterFilter(reasons=("poison", "gone")), [2, 1, 0]),
        (DeadLetterFilter(subscribers=("u2", "u9")), [2]),
        (DeadLetterFilter(workflows=("welcome",)), [3]),
        (DeadLetterFilter(workflows=("welcome",), subscribers=("u2",)), []),
        (DeadLetterFilter(statuses=("expired",)), []),
    ],
)
async def test_only_what_matches_is_listed_and_redriven_when_filtered(
    reader: DeadLetterReader, make: Samples, wanted: DeadLetterFilter, numbers: Sequence[int]
) -> None:
    ours = [
        await stored(make),
        await stored(make, channel=Channel.SMS),
        await stored(make, target="u2", reason="poison"),
    ]
    notification, _ = await make.add_notification(workflow="welcome")
    ours.append(make.delivery(notification_id=notification.id, status=FAILED, reason=None))
    await make.add_deliveries(ours[-1])

    expected = [ours[number].id for number in numbers]
    assert [one.id for one in await reader.page(TENANT, wanted, before=None, limit=10)] == expected
    assert await reader.redrivable_ids(TENANT, wanted, limit=10) == expected


async def test_bounds_are_exclusive_when_filtered_by_time(
    reader: DeadLetterReader, store: Store, make: Samples
) -> None:
    times = [store.now() + timedelta(seconds=second) for second in range(4)]
    ids = [(await stored(make, created_at=at)).id for at in times]

    wanted = DeadLetterFilter(created_after=times[0], created_before=times[3])
    assert [one.id for one in await reader.page(TENANT, wanted, before=None, limit=10)] == [ids[2], ids[1]]
    assert await reader.redrivable_ids(TENANT, wanted, limit=10) == [ids[2], ids[1]]


async def test_a_delivery_is_shown_with_its_attempts_when_read(
    reader: DeadLetterReader, store: Store, make: Samples
) -> None:
    delivery = await stored(make, step="remind")
    attempts = [make.attempt(delivery.id, round=number, detail="é" * 2_000) for number in (1, 2)]
    async with store.unit_of_work() as uow:
        await uow.delivery_queue.append_attempts(SCOPE, attempts)
        await uow.commit()

    view = await reader.view(TENANT, delivery.id)
    assert view is not None
    assert (view.id, view.step, view.status, view.reason) == (delivery.id, "remind", "failed", "gone")
    assert [(one.id, one.detail) for one in view.attempts] == [(one.id, one.detail) for one in attempts]
    assert await reader.page(TENANT, DeadLetterFilter(), before=None, limit=1) == [view]
    assert await reader.get(TENANT, delivery.id) == delivery


async def test_nothing_is_found_when_it_does_not_exist_or_is_anothers(reader: DeadLetterReader, make: Samples) -> None:
    theirs = await stored(make)
    await make.add_deliveries(replay_of(theirs, replay_id=make.ids.new(), now=theirs.created_at))
    for tenant_id, delivery_id in ((STRANGER, theirs.id), (TENANT, make.ids.new())):
        assert await reader.view(tenant_id, delivery_id) is None
        assert await reader.get(tenant_id, delivery_id) is None
        assert await reader.replay_of(tenant_id, delivery_id) is None
    wanted = DeadLetterFilter(statuses=(*NOT_SENT, "pending"))
    assert await reader.page(STRANGER, wanted, before=None, limit=10) == []
    assert await reader.redrivable_ids(STRANGER, wanted, limit=10) == []
    assert await reader.redrivable(STRANGER, wanted, oldest=UUID(int=0), newest=make.ids.new(), limit=10) == []


async def test_only_what_may_be_sent_again_is_redrivable_when_asked(
    reader: DeadLetterReader, store: Store, make: Samples
) -> None:
    good = [
        await stored(make),
        await stored(make, status=EXPIRED, reason="expired"),
        await stored(make, status=SUPPRESSED, reason="no_contact_point"),
        await stored(make, status=SUPPRESSED, reason="endpoint_disabled"),
    ]
    await stored(make, channel=Channel.IN_APP)
    for status in (DeliveryStatus.SENT, DeliveryStatus.CANCELLED, DeliveryStatus.PENDING):
        await stored(make, status=status)
    await stored(make, status=SUPPRESSED, reason="dry_run")
    await make.add_deliveries(make.delivery(status=FAILED))  # its notification is gone
    called_off = await stored(make)
    async with store.unit_of_work() as uow:
        await uow.notifications.request_cancel(TENANT, called_off.notification_id, store.now())
        await uow.commit()

    every = DeadLetterFilter(statuses=tuple(status.value for status in DeliveryStatus))
    assert await reader.redrivable_ids(TENANT, every, limit=10) == [one.id for one in good[::-1]]
    assert await reader.redrivable_ids(TENANT, every, limit=2) == [good[3].id, good[2].id]


async def test_what_was_redriven_is_not_redrivable_but_its_replay_is_when_that_failed_too(
    reader: DeadLetterReader, make: Samples
) -> None:
    first, other = await stored(make), await stored(make)
    replay = replay_of(first, replay_id=make.ids.new(), now=first.created_at)
    assert await reader.replay_of(TENANT, first.id) is None
    await make.add_deliveries(replay)
    assert await reader.redrivable_ids(TENANT, DeadLetterFilter(), limit=10) == [other.id]

    found = await reader.replay_of(TENANT, first.id)
    assert found is not None
    assert (found.id, found.replay_of, found.generation, found.status) == (replay.id, first.id, 1, "pending")

    dead = await stored(make, notification_id=other.notification_id, target="u7", generation=1)
    assert await reader.redrivable_ids(TENANT, DeadLetterFilter(), limit=10) == [dead.id, other.id]


async def test_bounds_are_inclusive_when_redrivable_is_read_in_pages(reader: DeadLetterReader, make: Samples) -> None:
    one, two, three, four = [await stored(make) for _ in range(4)]
    found = await reader.redrivable(TENANT, DeadLetterFilter(), oldest=two.id, newest=three.id, limit=10)
    assert found == [three, two]
    assert await reader.redrivable(TENANT, DeadLetterFilter(), oldest=one.id, newest=four.id, limit=1) == [four]
