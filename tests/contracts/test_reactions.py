"""UnitOfWork, over every store: transactional reactions to events."""

import asyncio

import pytest

from application.ports.event_log import EventLog
from application.ports.event_relay import RELAY_QUEUE, SealedEvent
from application.ports.unit_of_work import UnitOfWork
from application.shared.reaction import Reaction, on
from domain.notifications.events import NotificationAccepted, NotificationCancelled
from tests.contracts.samples import SCOPE, TENANT, Samples
from tests.contracts.stores import Store


class Refused(Exception):
    """What a reaction found wrong"""


def cancelled(make: Samples) -> NotificationCancelled:
    return NotificationCancelled(
        id=make.ids.new(), tenant_id=TENANT, aggregate_id="notification:1", occurred_at=make.store.now()
    )


def enqueue_on_accepted(make: Samples) -> Reaction:
    @on(NotificationAccepted)
    async def enqueue(event: NotificationAccepted, uow: UnitOfWork) -> None:
        await uow.jobs.enqueue(make.job(id=event.id, queue="followed"))

    return enqueue


async def sealed(store: Store) -> list[SealedEvent]:
    async with store.unit_of_work() as uow:
        await uow.relay.seal(SCOPE, 100)
        await uow.commit()
    async with store.unit_of_work() as uow:
        return await uow.relay.read_after(SCOPE, 0, 100)


async def test_what_a_reaction_does_is_in_the_commit_when_its_event_was_appended(store: Store, make: Samples) -> None:
    async with store.unit_of_work(enqueue_on_accepted(make)) as uow:
        uow.events.append(make.event())
        assert store.wake_ups.sent == []
        await uow.commit()

    assert store.wake_ups.sent == [["followed", RELAY_QUEUE]]


async def test_no_reaction_runs_when_its_event_was_not_appended(store: Store, make: Samples) -> None:
    async with store.unit_of_work(enqueue_on_accepted(make)) as uow:
        uow.events.append(cancelled(make))
        await uow.commit()

    assert store.wake_ups.sent == [[RELAY_QUEUE]]


async def test_no_reaction_runs_when_its_event_was_undone(store: Store, make: Samples) -> None:
    async def append(events: EventLog) -> None:
        events.append(make.event())
        raise Refused

    async with store.unit_of_work(enqueue_on_accepted(make)) as uow:
        with pytest.raises(Refused):
            async with uow.savepoint():
                await append(uow.events)
        await uow.commit()

    assert store.wake_ups.sent == []


async def test_reactions_to_the_events_of_reactions_run_too_when_committed(store: Store, make: Samples) -> None:
    @on(NotificationCancelled)
    async def accept(event: NotificationCancelled, uow: UnitOfWork) -> None:
        uow.events.append(make.event())

    async with store.unit_of_work(accept, enqueue_on_accepted(make)) as uow:
        uow.events.append(cancelled(make))
        await uow.commit()

    assert store.wake_ups.sent == [["followed", RELAY_QUEUE]]
    assert [event.type for event in await sealed(store)] == ["notification.cancelled", "notification.accepted"]


async def test_reactions_run_in_order_when_an_event_has_several(store: Store, make: Samples) -> None:
    ran: list[str] = []

    @on(NotificationAccepted)
    async def first(event: NotificationAccepted, uow: UnitOfWork) -> None:
        await asyncio.sleep(0)
        ran.append("first")

    @on(NotificationAccepted)
    async def second(event: NotificationAccepted, uow: UnitOfWork) -> None:
        ran.append("second")

    async with store.unit_of_work(first, second) as uow:
        uow.events.append(make.event())
        await uow.commit()

    assert ran == ["first", "second"]


async def test_stream_updates_of_reactions_get_their_places_when_committed(store: Store, make: Samples) -> None:
    subscriber = await make.add_subscriber()

    @on(NotificationAccepted)
    async def tell(event: NotificationAccepted, uow: UnitOfWork) -> None:
        uow.streams.push(make.update(subscriber.id, data={"id": "reaction"}))

    async with store.unit_of_work(tell) as uow:
        uow.events.append(make.event())
        uow.streams.push(make.update(subscriber.id, data={"id": "use case"}))
        await uow.commit()

    assert [(hint.seq, hint.data) for hint in store.hints.published] == [
        (1, b'{"id":"use case"}'),
        (2, b'{"id":"reaction"}'),
    ]


async def test_both_are_undone_when_a_reaction_fails(store: Store, make: Samples) -> None:
    @on(NotificationAccepted)
    async def refuse(event: NotificationAccepted, uow: UnitOfWork) -> None:
        raise Refused

    async def accept() -> None:
        async with store.unit_of_work(enqueue_on_accepted(make), refuse) as uow:
            await uow.subscribers.ensure_many(TENANT, [make.subscriber()])
            uow.events.append(make.event())
            await uow.commit()

    with pytest.raises(Refused):
        await accept()

    assert await store.subscribers.get(TENANT, "u1") is None
    assert store.wake_ups.sent == []
    assert await sealed(store) == []
