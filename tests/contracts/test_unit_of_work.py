"""UnitOfWork, over every store: what a transaction is."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from application.ports.event_relay import RELAY_QUEUE
from application.ports.unit_of_work import Savepoint, SystemUnitOfWork, UnitOfWork
from domain.notifications.delivery_status import DeliveryStatus
from domain.notifications.notification_status import Counts
from domain.subscribers.subscriber import Subscriber
from tests.contracts.samples import QUEUE, SCOPE, TENANT, Samples
from tests.contracts.stores import Store


class Broken(Exception):
    """Something in the middle of a transaction"""


async def add(uow: UnitOfWork, *subscribers: Subscriber) -> None:
    await uow.subscribers.ensure_many(TENANT, subscribers)


async def write_everything(uow: SystemUnitOfWork, make: Samples, subscriber: Subscriber) -> None:
    """A row, a stream update, an event and due work of a queue."""
    await add(uow, make.subscriber("new"))
    uow.streams.push(make.update(subscriber.id, unread=1))
    uow.events.append(make.event())
    await uow.jobs.enqueue(make.job(queue="maintenance"))


async def sealed(store: Store) -> int:
    async with store.unit_of_work() as uow:
        return await uow.relay.seal(SCOPE, 100)


async def test_everything_is_there_when_it_was_committed(store: Store, make: Samples) -> None:
    subscriber = await make.add_subscriber()
    async with store.unit_of_work() as uow:
        await write_everything(uow, make, subscriber)
        await uow.commit()

    assert await store.subscribers.get(TENANT, "new") is not None
    assert (await make.head(subscriber.id)).unread == 1
    assert [hint.stream_id for hint in store.hints.published] == [subscriber.id]
    assert store.wake_ups.sent == [["maintenance", RELAY_QUEUE]]
    assert await sealed(store) == 1


@pytest.mark.parametrize("end", [None, Broken, asyncio.CancelledError])
async def test_nothing_is_there_when_it_was_not_committed(
    store: Store, make: Samples, end: type[BaseException] | None
) -> None:
    subscriber = await make.add_subscriber()

    async def abandon() -> None:
        async with store.unit_of_work() as uow:
            await write_everything(uow, make, subscriber)
            await uow.subscribers.save(replace(subscriber, email="other@example.org"))
            if end is not None:
                raise end

    await asyncio.gather(abandon(), return_exceptions=True)

    assert await store.subscribers.get(TENANT, "new") is None
    assert await store.subscribers.get(TENANT, "u1") == subscriber
    assert (await make.head(subscriber.id)).seq == 0
    assert (store.hints.published, store.wake_ups.sent) == ([], [])
    assert await sealed(store) == 0


async def test_an_error_is_passed_on_when_a_block_raises(store: Store) -> None:
    with pytest.raises(Broken):
        async with store.unit_of_work():
            raise Broken


async def test_readers_see_the_old_state_when_a_writer_is_not_done(store: Store, make: Samples) -> None:
    kept, changed, gone = [await make.add_subscriber(name) for name in ("kept", "changed", "gone")]
    async with store.unit_of_work() as uow:
        await add(uow, make.subscriber("new"))
        await uow.subscribers.save(replace(changed, email="first@example.org"))
        await uow.subscribers.save(replace(changed, email=None))
        await uow.subscribers.delete(TENANT, "gone")

        during = await store.subscribers.page(TENANT, before=None, limit=10)
        assert await store.subscribers.get(TENANT, "gone") == gone
        assert await store.subscribers.get(TENANT, "new") is None
        await uow.commit()

    after = await store.subscribers.page(TENANT, before=None, limit=10)
    assert during == [gone, changed, kept]
    assert [(one.subscriber_id, one.email) for one in after] == [
        ("new", "new@example.org"),
        ("changed", None),
        ("kept", "kept@example.org"),
    ]


async def test_readers_find_only_what_is_committed_when_they_ask_by_id(store: Store, make: Samples) -> None:
    notification, _ = await make.add_notification()
    new, subscriber = make.notification(), make.subscriber("new")
    async with store.unit_of_work() as uow:
        await uow.notifications.add(new)
        await uow.notifications.request_cancel(TENANT, notification.id, store.now())
        await uow.notifications.add_tally(TENANT, notification.id, Counts(sent=1))
        await add(uow, subscriber)

        assert await store.notifications.get(TENANT, new.id) is None
        assert await store.notifications.get(TENANT, notification.id) == notification
        assert await store.streams.heads(SCOPE, [subscriber.id]) == {}
        await uow.commit()

    assert await store.notifications.get(TENANT, new.id) is not None
    assert set(await store.streams.heads(SCOPE, [subscriber.id])) == {subscriber.id}


async def test_a_writer_sees_its_own_changes_when_it_reads_again(store: Store, make: Samples) -> None:
    async with store.unit_of_work() as uow:
        await add(uow, make.subscriber("new"))
        assert await uow.subscribers.get(TENANT, "new") is not None
        await uow.subscribers.delete(TENANT, "new")
        assert await uow.subscribers.get(TENANT, "new") is None


async def test_no_change_is_lost_when_twenty_read_and_write_the_same_row(store: Store, make: Samples) -> None:
    await make.add_subscriber()

    async def count_up() -> None:
        async with store.unit_of_work() as uow:
            before = await uow.subscribers.get(TENANT, "u1")
            assert before is not None
            await asyncio.sleep(0)
            await uow.subscribers.save(replace(before, version=before.version + 1))
            await uow.commit()

    await asyncio.gather(*(count_up() for _ in range(20)))

    after = await store.subscribers.get(TENANT, "u1")
    assert after is not None
    assert after.version == 21


async def test_the_next_one_can_write_when_a_waiting_one_was_cancelled(store: Store, make: Samples) -> None:
    async def write(name: str) -> None:
        async with store.unit_of_work() as uow:
            await add(uow, make.subscriber(name))
            await uow.commit()

    async with store.unit_of_work() as uow:
        await add(uow, make.subscriber("waiting"))
        waiting = asyncio.create_task(write("waiting"))
        await asyncio.sleep(0.01)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    await write("next")

    assert await store.subscribers.get(TENANT, "waiting") is None
    assert await store.subscribers.get(TENANT, "next") is not None


async def test_what_is_stored_stays_when_the_caller_changes_its_own_copy(store: Store, make: Samples) -> None:
    data = {"plan": {"name": "pro"}}
    await make.add_subscriber("u1", data=data)
    data["plan"]["name"] = "changed"

    stored = await store.subscribers.get(TENANT, "u1")
    assert stored is not None
    assert stored.data == {"plan": {"name": "pro"}}


async def leave_by_error(part: Savepoint, write: Callable[[], Awaitable[None]]) -> None:
    async def fail() -> None:
        async with part:
            await write()
            raise Broken

    with pytest.raises(Broken):
        await fail()


async def test_only_the_part_is_undone_when_a_savepoint_fails(store: Store, make: Samples) -> None:
    subscriber = await make.add_subscriber()
    async with store.unit_of_work() as uow:
        await add(uow, make.subscriber("before"))
        uow.streams.push(make.update(subscriber.id, data={"id": "before"}))
        await leave_by_error(uow.savepoint(), lambda: write_everything(uow, make, subscriber))
        assert await uow.subscribers.get(TENANT, "new") is None
        uow.streams.push(make.update(subscriber.id, data={"id": "after"}))
        await uow.deliveries.add_many([make.delivery()])
        await uow.commit()

    assert await store.subscribers.get(TENANT, "before") is not None
    assert await store.subscribers.get(TENANT, "new") is None
    assert [hint.data for hint in store.hints.published] == [b'{"id":"before"}', b'{"id":"after"}']
    assert (await make.head(subscriber.id)).unread == 0
    assert store.wake_ups.sent == [[QUEUE]]
    assert await sealed(store) == 0


async def test_its_changes_stay_when_a_savepoint_succeeds(store: Store, make: Samples) -> None:
    subscriber = await make.add_subscriber()
    async with store.unit_of_work() as uow:
        async with uow.savepoint():
            await write_everything(uow, make, subscriber)
        await uow.commit()

    assert await store.subscribers.get(TENANT, "new") is not None
    assert store.wake_ups.sent == [["maintenance", RELAY_QUEUE]]
    assert await sealed(store) == 1


async def test_the_inner_part_is_undone_too_when_the_outer_savepoint_fails(store: Store, make: Samples) -> None:
    subscriber = await make.add_subscriber()
    async with store.unit_of_work() as uow:

        async def outer() -> None:
            await uow.subscribers.save(replace(subscriber, email="outer@example.org"))
            async with uow.savepoint():
                await uow.subscribers.save(replace(subscriber, email="inner@example.org"))
                await write_everything(uow, make, subscriber)

        await leave_by_error(uow.savepoint(), outer)
        await uow.commit()

    assert await store.subscribers.get(TENANT, "u1") == subscriber
    assert await store.subscribers.get(TENANT, "new") is None
    assert await sealed(store) == 0


async def test_the_outer_part_stays_when_an_inner_savepoint_fails(store: Store, make: Samples) -> None:
    subscriber = await make.add_subscriber()
    async with store.unit_of_work() as uow:
        async with uow.savepoint():
            await uow.subscribers.save(replace(subscriber, email="outer@example.org"))
            await leave_by_error(uow.savepoint(), lambda: write_everything(uow, make, subscriber))
        await uow.commit()

    stored = await store.subscribers.get(TENANT, "u1")
    assert stored is not None
    assert stored.email == "outer@example.org"
    assert await store.subscribers.get(TENANT, "new") is None


async def test_one_wake_up_per_queue_is_sent_when_it_got_due_work(store: Store, make: Samples) -> None:
    async with store.unit_of_work() as uow:
        await uow.deliveries.add_many([make.delivery(), make.delivery(), make.delivery(queue="slow")])
        await uow.jobs.enqueue_many([make.job(), make.job(), make.job(queue="maintenance")])
        await uow.commit()

    assert store.wake_ups.sent == [["default", "maintenance", "notifications", "slow"]]


async def test_a_wake_up_is_sent_when_the_time_of_a_job_has_come_already(store: Store, make: Samples) -> None:
    await make.add_job(run_at=store.now())

    assert store.wake_ups.sent == [["default"]]


async def test_no_wake_up_is_sent_when_nothing_is_due(store: Store, make: Samples) -> None:
    async with store.unit_of_work() as uow:
        await uow.deliveries.add_many([make.delivery(status=DeliveryStatus.SUPPRESSED)])
        await uow.jobs.enqueue(make.job(delay=60.0))
        await uow.jobs.enqueue(make.job(run_at=store.now() + timedelta(minutes=1)))
        await uow.commit()

    assert store.wake_ups.sent == []


async def test_the_commit_is_visible_and_over_when_hints_and_wake_ups_are_sent(store: Store, make: Samples) -> None:
    subscriber = await make.add_subscriber()
    seen: list[int] = []

    async def look() -> None:
        seen.append((await make.head(subscriber.id)).seq)
        async with store.unit_of_work() as uow:
            assert await uow.subscribers.get(TENANT, "new") is not None

    store.hints.on_publish = store.wake_ups.on_send = look
    async with store.unit_of_work() as uow:
        await write_everything(uow, make, subscriber)
        await uow.commit()

    assert seen == [1, 1]


async def test_its_clock_is_the_store_s_when_it_is_asked(store: Store) -> None:
    async with store.unit_of_work() as uow:
        told = await uow.now()

    assert abs(told - store.now()) < timedelta(seconds=5)
