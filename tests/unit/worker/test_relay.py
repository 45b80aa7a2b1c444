"""The relay: order, consumers, cursors, and what becomes of events that nobody takes."""

import asyncio
from functools import partial

import pytest

from application.ports.event_relay import SealedEvent
from application.relay.event_consumers import (
    BROKER,
    LISTENER_BATCH,
    LISTENERS,
    EventListener,
)
from application.relay.jobs import RETRY, RedeliveryJob
from application.relay.redeliver_event import RedeliverEvent
from application.relay.relay_state import LEASE
from domain.jobs.job import JobStatus
from domain.notifications.channel import Channel
from domain.notifications.notification_status import NotificationStatus
from infrastructure.memory.recording_channel import RecordingChannel
from tests.unit.worker.relays import Relay
from tests.unit.worker.world import World, all_in, until


@pytest.fixture
def relay() -> Relay:
    return Relay(World())


async def test_events_are_published_in_their_order_and_once(relay: Relay) -> None:
    await relay.append("a", "b")
    await relay.append("c")
    assert await relay.events()()
    assert not await relay.events()()

    assert [(each.key, each.position) for each in relay.broker.published] == [("a", 1), ("b", 2), ("c", 3)]
    first = relay.broker.published[0]
    assert first.type == "notification.accepted"
    assert first.tenant_id == "default"
    assert first.headers["traceparent"].startswith("00-")


async def test_the_actor_is_for_our_own_lines_alone_when_an_event_goes_to_the_broker(relay: Relay) -> None:
    with relay.world.trace.scope(None, request_id="r-1", actor="api_key:k1") as asked:
        await relay.append("a")
        sent_on = relay.world.trace.traceparent()
    await relay.events()()

    (message,) = relay.broker.published
    assert message.headers == {"traceparent": sent_on}
    assert asked.trace_id in sent_on


async def test_each_listener_hears_what_fits_when_another_fails(relay: Relay) -> None:
    good, bad, picky = relay.listen("good"), relay.listen("bad"), relay.listen("picky", "subscriber.*")
    await relay.append("a", "b")
    await relay.events()()

    assert (good, bad, picky) == (["a", "b"], ["a", "b"], [])
    assert [(each.consumer, each.recipient, each.event.aggregate_id) for each in relay.jobs()] == [
        (LISTENERS, "bad", "a"),
        (LISTENERS, "bad", "b"),
    ]


async def test_an_event_that_failed_is_offered_again_with_backoff_and_is_a_dead_letter_in_the_end(
    relay: Relay,
) -> None:
    world, heard = relay.world, relay.listen("bad")
    world.handle(
        RedeliverEvent(consumers=relay.consumers), name="relay.redeliver_event", payload=RedeliveryJob, retry=RETRY
    )
    world.plan |= {"queues": ("maintenance",)}
    await relay.append("a")
    await relay.events()()
    (entry,) = world.database.jobs.committed.all()
    waits: list[float] = []
    async with world.working():
        for attempt in range(9):
            waits.append(world.job_due_in(entry.item.id))
            world.clock.advance(waits[-1])
            await until(partial(_heard, heard, attempt + 2))
            await until(lambda: world.job(entry.item.id).lease is None)

    assert waits == [5.0, 5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 320.0, 640.0]
    assert world.job(entry.item.id).status is JobStatus.DEAD
    assert relay.jobs()[0].event.aggregate_id == "a"


async def test_listeners_are_served_and_nothing_is_lost_when_the_broker_is_away(relay: Relay) -> None:
    heard = relay.listen("good")
    relay.broker.away = True
    await relay.append("a")
    await relay.events()()
    await relay.events()()

    assert heard == ["a"]
    # It is left alone for a while: one failure, one line.
    assert len(relay.world.log.lines("relay.consumer_failed")) == 1
    relay.broker.away = False
    relay.state.troubles.clear()
    await relay.append("b")
    await relay.events()()
    assert [each.key for each in relay.broker.published] == ["a", "b"]
    assert relay.jobs() == []


async def test_one_that_the_broker_refuses_does_not_hold_up_the_others(relay: Relay) -> None:
    relay.broker.refuses["b"] = ValueError("too large")
    await relay.append("a", "b", "c")
    await relay.events()()

    assert [each.key for each in relay.broker.published] == ["a", "c"]
    assert [(each.consumer, each.event.aggregate_id) for each in relay.jobs()] == [(BROKER, "b")]


async def test_a_listener_that_hangs_costs_its_own_time_only(relay: Relay, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("application.relay.event_consumers.LISTENER_SECONDS", 0.05)
    good = relay.listen("good")

    async def hang(_: SealedEvent) -> None:
        await asyncio.Event().wait()

    relay.listeners.append(EventListener(name="hangs", pattern="**", handler=lambda: hang))
    await relay.append(*(str(number) for number in range(20)))
    async with asyncio.timeout(1):
        await relay.events()()

    assert len(good) == 20
    assert len(relay.jobs()) == 20


async def test_a_listener_hears_many_batches_in_one_round_when_it_is_far_behind(relay: Relay) -> None:
    heard = relay.listen("good")
    events = [str(number) for number in range(3 * LISTENER_BATCH + 1)]
    await relay.append(*events)
    await relay.events()()

    assert heard == events
    assert len(relay.broker.batches) == 1


async def test_one_that_is_slow_gets_one_batch_a_round_when_it_is_far_behind(
    relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("application.relay.relay_events.SERVE_SECONDS", 0.0)
    heard = relay.listen("good")
    await relay.append(*(str(number) for number in range(2 * LISTENER_BATCH)))
    await relay.events()()

    assert len(heard) == LISTENER_BATCH


async def test_nothing_is_relayed_when_another_process_is_the_relay(relay: Relay) -> None:
    other = Relay(World(owner="other", beside=relay.world))
    await relay.append("a")
    assert await other.events()()
    await relay.append("b")
    assert not await relay.events()()
    assert not await relay.tallies()()
    assert relay.broker.published == []

    relay.world.clock.advance(16)
    assert await relay.events()()
    assert [each.key for each in relay.broker.published] == ["b"]


async def test_it_goes_over_at_once_when_the_lease_is_let_go(relay: Relay) -> None:
    other = Relay(World(owner="other", beside=relay.world))
    await other.append("a")
    await other.events()()
    await other.events().let_go()
    await relay.append("b")

    assert await relay.events()()


async def test_who_lost_the_lease_without_knowing_moves_nothing(relay: Relay) -> None:
    """It took the lease, slept for longer than it lasts, and goes on as if nothing had happened."""
    await relay.append("a")
    await relay.events()()
    relay.world.clock.advance(16)
    other = Relay(World(owner="other", beside=relay.world))
    await other.append("b")
    assert await other.events()()

    assert relay.state.lease.fresh
    await relay.append("c")
    assert not await relay.events()()
    assert [each.key for each in relay.broker.published] == ["a"]
    assert relay.world.database.positions.committed.get("last") == ("last", 2)


async def test_no_cursor_goes_back_when_the_lease_was_lost_while_a_listener_took_its_time(relay: Relay) -> None:
    world = relay.world
    other = Relay(World(owner="other", beside=world))

    async def linger(_: SealedEvent) -> None:
        world.clock.advance(16)
        await other.append("b", "c")
        assert await other.events()()

    relay.listeners.append(EventListener(name="lingers", pattern="**", handler=lambda: linger))
    await relay.append("a")
    await relay.events()()

    assert world.database.cursors.committed.get(LISTENERS) == (LISTENERS, 3)


async def test_no_transaction_is_written_when_there_is_nothing_to_do(relay: Relay) -> None:
    await relay.events()()
    until_before = relay.world.database.leases.committed.get(LEASE)
    relay.world.clock.advance(1)
    for _ in range(5):
        assert not await relay.events()()
        assert not await relay.tallies()()

    assert relay.world.database.leases.committed.get(LEASE) == until_before


async def wanted(relay: Relay) -> set[str]:
    async with relay.world.unit_of_work() as uow:
        return await uow.relay.wanted(relay.world.scope)


async def test_what_consumers_want_is_stored_and_known_at_once_when_it_changes(relay: Relay) -> None:
    relay.listen("picky", "delivery.failed")
    await relay.events()()
    assert await wanted(relay) == {"delivery.failed"}
    relay.state.interest.learn({"delivery.failed"})
    relay.broker.subscribed.add("delivery.*")
    await relay.events()()

    assert await wanted(relay) == {"delivery.failed", "delivery.*"}
    assert not relay.state.interest.fresh


async def test_what_consumers_want_is_stored_again_when_another_process_was_the_relay(relay: Relay) -> None:
    relay.listen("picky", "delivery.failed")
    await relay.events()()
    relay.world.clock.advance(16)
    other = Relay(World(owner="other", beside=relay.world))
    await other.events()()
    assert await wanted(relay) == set()
    await other.events().let_go()
    # It has not noticed that another one was the relay.
    await relay.append("a")
    await relay.events()()
    await relay.events()()

    assert await wanted(relay) == {"delivery.failed"}


async def test_counts_are_folded_and_the_status_follows() -> None:
    world = World(RecordingChannel(Channel.EMAIL))
    relay = Relay(world)
    async with world.working():
        (delivery, *_) = await world.notify(3)
        await until(all_in(["sent"], world))
    assert await relay.tallies()()
    assert not await relay.tallies()()

    notification = world.database.notifications.committed.get(delivery.notification_id)
    assert notification is not None
    assert (notification.counts.sent, notification.counts.pending) == (3, 0)
    assert notification.status is NotificationStatus.COMPLETED
    assert world.database.tallies.committed.all() == []


def _heard(heard: list[str], times: int) -> bool:
    return len(heard) == times
