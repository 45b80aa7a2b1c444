"""EventLog and EventRelay, over every store."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import UUID

from application.ports.event_log import EventLog
from application.ports.event_relay import EventRelay, SealedEvent
from domain.notifications.events import NotificationAccepted, NotificationCancelled
from domain.notifications.notification import Notification
from domain.notifications.notification_status import Counts, NotificationStatus
from domain.shared.events import DomainEvent
from tests.contracts.samples import SCOPE, TENANT, Samples
from tests.contracts.stores import Store


@asynccontextmanager
async def relay(store: Store) -> AsyncIterator[EventRelay]:
    async with store.unit_of_work() as uow:
        yield uow.relay
        await uow.commit()


async def append(store: Store, *events: DomainEvent) -> None:
    async with store.unit_of_work() as uow:
        log: EventLog = uow.events
        for event in events:
            log.append(event)
        await uow.commit()


async def read(store: Store, after: int = 0, limit: int = 100) -> list[SealedEvent]:
    async with relay(store) as opened:
        return await opened.read_after(SCOPE, after, limit)


async def seal(store: Store, limit: int = 100) -> int:
    async with relay(store) as opened:
        return await opened.seal(SCOPE, limit)


async def test_it_is_read_as_it_was_appended_when_sealed(store: Store, make: Samples) -> None:
    event = make.event(tenant_id="other")
    with store.trace.scope(None, request_id="r-1", actor="api_key:k1"):
        carried = store.trace.carried()
        await append(store, event)
    assert await read(store) == []
    assert await seal(store) == 1

    assert await read(store) == [
        SealedEvent(
            position=1,
            id=event.id,
            tenant_id="other",
            type="notification.accepted",
            schema_version=1,
            aggregate_id="notification:1",
            occurred_at=event.occurred_at,
            data={"transaction_id": "t1", "channels": ["email", "in_app"], "recipients": 2},
            trace=carried,
        )
    ]


async def test_positions_have_no_gap_when_sealed_in_batches_and_after_a_rollback(store: Store, make: Samples) -> None:
    events = [make.event() for _ in range(5)]
    await append(store, *events[:3])
    assert await seal(store, 2) == 2
    async with store.unit_of_work() as uow:
        assert await uow.relay.seal(SCOPE, 10) == 1
    await append(store, *events[3:])
    assert await seal(store, 10) == 3
    assert await seal(store, 10) == 0

    assert [(one.position, one.id) for one in await read(store)] == [
        (position, event.id) for position, event in enumerate(events, 1)
    ]


async def test_every_event_has_one_position_when_many_append_and_two_seal(store: Store, make: Samples) -> None:
    events = [make.event() for _ in range(30)]

    await asyncio.gather(*(append(store, event) for event in events), *(seal(store, 7) for _ in range(6)))
    while await seal(store, 7):
        pass

    sealed = await read(store)
    assert [one.position for one in sealed] == list(range(1, 31))
    assert {one.id for one in sealed} == {event.id for event in events}


async def test_pages_follow_each_other_when_read(store: Store, make: Samples) -> None:
    await append(store, *(make.event() for _ in range(5)))
    await seal(store)

    assert [one.position for one in await read(store, 0, 2)] == [1, 2]
    assert [one.position for one in await read(store, 2, 2)] == [3, 4]
    assert [one.position for one in await read(store, 4, 2)] == [5]
    assert await read(store, 5, 2) == []


async def test_events_of_different_types_keep_their_own_data_when_sealed_together(store: Store, make: Samples) -> None:
    accepted = make.event(recipients=None, channels=())
    plain = NotificationCancelled(
        id=make.ids.new(), tenant_id=TENANT, aggregate_id="notification:1", occurred_at=store.now()
    )
    await append(store, accepted, plain)
    await seal(store)

    first, second = await read(store)
    assert (first.type, first.data) == (
        NotificationAccepted.type,
        {"transaction_id": "t1", "channels": [], "recipients": None},
    )
    assert (second.type, second.data) == (NotificationCancelled.type, {})


async def test_each_consumer_has_its_own_cursor_when_they_advance(store: Store) -> None:
    async with relay(store) as opened:
        assert await opened.cursor(SCOPE, "broker") == 0
        await opened.advance(SCOPE, "broker", 3)
        await opened.advance(SCOPE, "webhooks", 1)
        await opened.advance(SCOPE, "broker", 5)
    async with store.unit_of_work() as uow:
        await uow.relay.advance(SCOPE, "webhooks", 9)

    async with relay(store) as opened:
        assert [await opened.cursor(SCOPE, name) for name in ("broker", "webhooks", "new")] == [5, 1, 0]


async def tally(store: Store, changes: Mapping[UUID, Counts]) -> None:
    async with store.unit_of_work() as uow:
        for notification_id, change in changes.items():
            await uow.notifications.add_tally(TENANT, notification_id, change)
        await uow.commit()


async def folded(store: Store, limit: int = 100) -> Mapping[UUID, Counts]:
    async with relay(store) as opened:
        taken = await opened.take_tallies(SCOPE, limit)
        await opened.fold(SCOPE, taken, store.now())
    return taken


async def stored(store: Store, notification: Notification) -> Notification:
    async with store.unit_of_work() as uow:
        found = await uow.notifications.get(TENANT, notification.id)
    assert found is not None
    return found


async def test_tallies_are_taken_once_and_summed_when_folded(store: Store, make: Samples) -> None:
    first, _ = await make.add_notification(deliveries=3)
    second, _ = await make.add_notification(deliveries=1)
    await tally(store, {first.id: Counts(pending=-1, sent=1), second.id: Counts(pending=-1, failed=1)})
    await tally(store, {first.id: Counts(pending=-2, sent=1, suppressed=1)})

    assert await folded(store) == {
        first.id: Counts(pending=-3, sent=2, suppressed=1),
        second.id: Counts(pending=-1, failed=1),
    }
    assert await folded(store) == {}
    assert (await stored(store, first)).counts == Counts(sent=2, suppressed=1)
    assert (await stored(store, second)).counts == Counts(failed=1)
    read_first = await store.notifications.get(TENANT, first.id)
    assert read_first is not None
    assert read_first.counts == Counts(sent=2, suppressed=1)


async def test_the_status_follows_the_counts_when_folded(store: Store, make: Samples) -> None:
    notification, _ = await make.add_notification(deliveries=2)
    assert (await stored(store, notification)).status is NotificationStatus.PROCESSING
    await tally(store, {notification.id: Counts(pending=-1, sent=1)})
    await folded(store)
    assert (await stored(store, notification)).status is NotificationStatus.PROCESSING
    await tally(store, {notification.id: Counts(pending=-1, failed=1)})
    await folded(store)

    done = await stored(store, notification)
    assert done.status is NotificationStatus.PARTIALLY_FAILED
    assert done.finished_at is not None
    assert abs(done.finished_at - store.now()) < timedelta(seconds=10)


async def test_the_status_is_derived_anew_when_the_expansion_left_an_empty_tally(store: Store, make: Samples) -> None:
    notification, _ = await make.add_notification(expanded=True, status=NotificationStatus.ACCEPTED)
    async with store.unit_of_work() as uow:
        await uow.notifications.save_expansion(make.notification(id=notification.id, recipients=0))
        await uow.commit()
    assert (await stored(store, notification)).status is NotificationStatus.ACCEPTED
    await tally(store, {notification.id: Counts()})

    assert await folded(store) == {notification.id: Counts()}
    assert (await stored(store, notification)).status is NotificationStatus.COMPLETED


async def test_no_more_than_the_limit_are_taken_when_there_are_more(store: Store, make: Samples) -> None:
    notification, _ = await make.add_notification(deliveries=0)
    for _ in range(5):
        await tally(store, {notification.id: Counts(sent=1)})

    taken = [(await folded(store, 2)).get(notification.id, Counts()).sent for _ in range(4)]

    assert taken == [2, 2, 1, 0]
    assert (await stored(store, notification)).counts == Counts(sent=5)


async def test_tallies_are_still_there_when_taking_them_was_rolled_back(store: Store, make: Samples) -> None:
    notification, _ = await make.add_notification(deliveries=1)
    await tally(store, {notification.id: Counts(pending=-1, sent=1)})
    async with store.unit_of_work() as uow:
        assert await uow.relay.take_tallies(SCOPE, 10) != {}

    assert await folded(store) == {notification.id: Counts(pending=-1, sent=1)}


async def test_nothing_happens_when_a_folded_notification_is_unknown(store: Store, make: Samples) -> None:
    async with relay(store) as opened:
        await opened.fold(SCOPE, {make.ids.new(): Counts(sent=1)}, store.now())
        await opened.fold(SCOPE, {}, store.now())
        assert await opened.take_tallies(SCOPE, 10) == {}


async def wanted(store: Store) -> set[str]:
    async with relay(store) as opened:
        return await opened.wanted(SCOPE)


async def announce(store: Store, **patterns: set[str]) -> None:
    async with relay(store) as opened:
        await opened.announce(SCOPE, patterns)


async def test_what_each_consumer_wants_is_kept_when_it_was_announced(store: Store) -> None:
    assert await wanted(store) == set()
    await announce(store, broker={"**"}, listeners={"delivery.*", "notification.accepted"})

    assert await wanted(store) == {"**", "delivery.*", "notification.accepted"}


async def test_a_consumer_wants_something_else_when_it_announces_again(store: Store) -> None:
    await announce(store, broker={"delivery.*"}, listeners={"delivery.*", "delivery.sent"})
    await announce(store, listeners={"delivery.failed"})
    assert await wanted(store) == {"delivery.*", "delivery.failed"}
    await announce(store, broker=set(), listeners={"delivery.failed"})

    assert await wanted(store) == {"delivery.failed"}


async def test_what_was_wanted_stays_when_announcing_was_rolled_back(store: Store) -> None:
    await announce(store, broker={"delivery.*"})
    async with store.unit_of_work() as uow:
        await uow.relay.announce(SCOPE, {"broker": set()})

    assert await wanted(store) == {"delivery.*"}
