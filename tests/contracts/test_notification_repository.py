"""NotificationRepository, over every store."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from dataclasses import replace
from datetime import timedelta

import pytest

from application.ports.notification_repository import NotificationRepository, TransactionTaken
from domain.notifications.channel import Channel
from domain.notifications.content import Action, Audience, Content, Recipient, Severity
from domain.notifications.notification import ExpansionCursor, Notification
from domain.notifications.notification_status import Counts, Ending, NotificationStatus
from tests.contracts.samples import TENANT, Samples
from tests.contracts.stores import Store


@asynccontextmanager
async def notifications(store: Store) -> AsyncIterator[NotificationRepository]:
    async with store.unit_of_work() as uow:
        yield uow.notifications
        await uow.commit()


def full(make: Samples) -> Notification:
    """One with no field left to its default."""
    now = make.store.now()
    return make.notification(
        transaction_id="order-42",
        sequence_id="order",
        workflow="order-shipped",
        workflow_version=3,
        content=Content(
            title="T",
            body="B",
            data={"n": 1},
            actions=(Action(id="track", label="Track", url="https://example.org"),),
            avatar="https://example.org/a.png",
            redirect="/orders",
        ),
        payload={"nested": {"list": [1, 2.5, None, "é"]}},
        overrides={"email": {"subject": "S"}},
        channels=(Channel.IN_APP, Channel.EMAIL),
        audience=Audience(
            entries=(Recipient(subscriber_id="u1", contact={"email": "a@b.c"}), Recipient(topic="t", exclude=("u2",)))
        ),
        routing="single",
        severity=Severity.HIGH,
        tags=("orders", "é"),
        actor="u9",
        send_at=now + timedelta(hours=1),
        expires_at=now + timedelta(hours=2),
        dry_run=True,
        recipients=None,
        expanded=False,
        cursor=ExpansionCursor(entry=1, after="019b76da-a800-7000-8000-000000000001"),
        counts=Counts(pending=1, sent=2, failed=3, expired=4, cancelled=5, suppressed=6),
        ending=Ending.EXPIRED,
        cancel_requested_at=now,
        status=NotificationStatus.SCHEDULED,
        trace="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        finished_at=now,
    )


async def test_it_comes_back_as_it_was_when_added(store: Store, make: Samples) -> None:
    notification = full(make)
    async with notifications(store) as repository:
        await repository.add(notification)
    async with notifications(store) as repository:
        assert await repository.get(TENANT, notification.id) == notification
        assert await repository.by_transaction(TENANT, "order-42") == notification
        assert await repository.get_many(TENANT, [notification.id, make.ids.new()]) == {notification.id: notification}


async def test_everyone_comes_back_when_the_audience_was_everyone(store: Store, make: Samples) -> None:
    notification, _ = await make.add_notification(audience=Audience(everyone=True))
    async with notifications(store) as repository:
        assert await repository.get(TENANT, notification.id) == notification


async def test_nothing_is_found_when_it_was_never_added(store: Store, make: Samples) -> None:
    async with notifications(store) as repository:
        assert await repository.get(TENANT, make.ids.new()) is None
        assert await repository.by_transaction(TENANT, "t1") is None
        assert await repository.get_many(TENANT, []) == {}


async def test_the_first_one_stays_when_the_transaction_id_is_used_again(store: Store, make: Samples) -> None:
    first, second = make.notification(transaction_id="t1"), make.notification(transaction_id="t1", tags=("x",))
    for one, outcome in ((first, nullcontext()), (second, pytest.raises(TransactionTaken))):
        with outcome:
            async with notifications(store) as repository:
                await repository.add(one)
    async with notifications(store) as repository:
        assert await repository.by_transaction(TENANT, "t1") == first
        assert await repository.get(TENANT, second.id) is None


async def test_only_the_part_is_undone_when_the_transaction_id_is_taken_in_a_savepoint(
    store: Store, make: Samples
) -> None:
    first, second, third = (make.notification(transaction_id=name) for name in ("t1", "t1", "t3"))
    async with store.unit_of_work() as uow:
        await uow.notifications.add(first)
        with pytest.raises(TransactionTaken):
            async with uow.savepoint():
                await uow.notifications.add(second)
        async with uow.savepoint():
            await uow.notifications.add(third)
        await uow.commit()
    async with notifications(store) as repository:
        assert set(await repository.get_many(TENANT, [first.id, second.id, third.id])) == {first.id, third.id}


async def test_only_the_expansion_changes_when_it_is_saved(store: Store, make: Samples) -> None:
    notification, _ = await make.add_notification(recipients=None, expanded=False, transaction_id="t1")
    changed = replace(
        full(make),
        id=notification.id,
        recipients=7,
        expanded=True,
        cursor=ExpansionCursor(entry=3, after="x"),
        unknown_topics=("news", "sport"),
        ending=Ending.CANCELLED,
        status=NotificationStatus.CANCELLED,
    )
    async with notifications(store) as repository:
        await repository.save_expansion(changed)
    async with notifications(store) as repository:
        assert await repository.get(TENANT, notification.id) == replace(
            notification,
            recipients=7,
            expanded=True,
            cursor=changed.cursor,
            unknown_topics=changed.unknown_topics,
            ending=Ending.CANCELLED,
            status=NotificationStatus.CANCELLED,
            finished_at=changed.finished_at,
        )


async def test_only_the_first_request_to_cancel_counts_when_it_is_asked_twice(store: Store, make: Samples) -> None:
    notification, _ = await make.add_notification()
    async with notifications(store) as repository:
        assert await repository.request_cancel(TENANT, notification.id, store.now())
        assert not await repository.request_cancel(TENANT, notification.id, store.now() + timedelta(hours=1))
        assert not await repository.request_cancel(TENANT, make.ids.new(), store.now())
        cancelled = await repository.get(TENANT, notification.id)

    assert cancelled is not None
    assert cancelled.cancel_requested_at is not None
    assert cancelled.cancel_requested_at < store.now() + timedelta(minutes=1)


async def test_counts_stay_as_folded_when_tallies_are_added(store: Store, make: Samples) -> None:
    notification, _ = await make.add_notification(deliveries=3)
    async with notifications(store) as repository:
        await repository.add_tally(TENANT, notification.id, Counts(pending=-1, cancelled=1))
        assert await repository.get(TENANT, notification.id) == notification
    read = await store.notifications.get(TENANT, notification.id)

    assert read is not None
    assert read.counts == Counts(pending=2, cancelled=1)


async def test_tallies_add_up_when_there_are_many(store: Store, make: Samples) -> None:
    notification, _ = await make.add_notification(deliveries=0)
    for _ in range(2):
        async with notifications(store) as repository:
            await repository.add_tally(TENANT, notification.id, Counts(pending=400, suppressed=1))
            await repository.add_tally(TENANT, notification.id, Counts(pending=-3, sent=1, failed=1, expired=1))
    read = await store.notifications.by_transaction(TENANT, notification.transaction_id)

    assert read is not None
    assert read.counts == Counts(pending=794, suppressed=2, sent=2, failed=2, expired=2)
