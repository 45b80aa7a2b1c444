"""What a flush writes on SQLite: nothing for listeners while there are none, and else their events with it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import event

from application.ports.delivery_queue import DeliveryResult
from application.ports.event_relay import SealedEvent
from application.relay.event_consumers import LISTENERS, EventListener, ListenersConsumer
from application.relay.relay_events import RelayEvents
from application.relay.relay_state import RelayState
from domain.notifications.channel import Channel
from domain.notifications.delivery import Priority
from domain.notifications.delivery_status import DeliveryStatus
from infrastructure.memory.recording_channel import RecordingChannel
from tests.integration.worker.sqlite_world import SqliteWorld
from tests.unit.worker.assembly import QUEUE
from tests.unit.worker.world import until


@contextmanager
def statements(world: SqliteWorld) -> Iterator[list[str]]:
    """The first words of what the writer executes meanwhile."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        seen.append(" ".join(statement.split()[:3]))

    engine = world.engines.writer.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


async def flush(world: SqliteWorld, number: int = 3) -> list[str]:
    """Send so many; the statements of the transaction that records it."""
    await world.notify(number)
    async with world.unit_of_work() as uow:
        claimed = await uow.delivery_queue.claim(
            world.scope,
            queue=QUEUE,
            channel=Channel.EMAIL,
            priority=Priority.NORMAL,
            limit=number,
            lease_seconds=60.0,
        )
        await uow.commit()
    results = [
        DeliveryResult(
            delivery_id=one.delivery.id,
            notification_id=one.delivery.notification_id,
            tenant_id=one.delivery.tenant_id,
            token=one.token,
            status=DeliveryStatus.SENT,
            rounds=1,
            finished_at=world.clock.now(),
        )
        for one in claimed
    ]
    with statements(world) as seen:
        async with world.unit_of_work() as uow:
            assert await uow.delivery_queue.record(world.scope, results) == set()
            await uow.commit()
    return seen


def relay_of(world: SqliteWorld, *listeners: EventListener) -> RelayEvents:
    return RelayEvents(
        unit_of_work=world.unit_of_work,
        scope=world.scope,
        consumers={LISTENERS: ListenersConsumer(listeners=listeners, trace=world.trace, log=world.log)},
        state=RelayState(interest=world.interest),
        ids=world.ids,
        log=world.log,
    )


async def test_a_flush_costs_no_statement_more_when_nobody_listens(world: SqliteWorld) -> None:
    world.interest.learn(())
    seen = await flush(world)

    assert [each.split()[0] for each in seen] == ["BEGIN", "SELECT", "UPDATE", "INSERT"]
    assert seen[-1] == "INSERT INTO notification_tallies"
    assert world.query("SELECT count(*) AS n FROM events") == [{"n": 0}]


async def test_who_subscribes_is_looked_up_once_when_what_is_known_is_old(world: SqliteWorld) -> None:
    world.interest.expire()
    first = await flush(world)
    second = await flush(world)

    assert first == [*second, "SELECT event_subscriptions.pattern FROM"]
    assert world.query("SELECT count(*) AS n FROM events") == [{"n": 0}]


async def test_events_are_written_with_the_flush_and_told_when_a_listener_names_the_type(world: SqliteWorld) -> None:
    heard: list[SealedEvent] = []

    async def hear(told: SealedEvent) -> None:
        heard.append(told)

    relay = relay_of(world, EventListener(name="ear", pattern="delivery.sent", handler=lambda: hear))
    world.channels[Channel.EMAIL] = RecordingChannel(Channel.EMAIL)
    await relay()
    assert world.query("SELECT consumer, pattern FROM event_subscriptions") == [
        {"consumer": "listeners", "pattern": "delivery.sent"}
    ]
    async with world.working():
        deliveries = await world.notify(25)
        await until(lambda: world.statuses() == {"sent": 25}, 30)
    assert world.query("SELECT count(*) AS n FROM events") == [{"n": 25}]
    while await relay():
        pass

    assert {event.aggregate_id for event in heard} == {f"delivery:{each.id}" for each in deliveries}
    assert len(heard) == 25


async def test_another_process_writes_them_when_the_relay_has_stored_who_listens(
    world: SqliteWorld, database: Path
) -> None:
    async def hear(_: SealedEvent) -> None: ...

    other = SqliteWorld(database, owner="server-1")
    other.interest.learn(())
    before = await flush(other)
    await relay_of(world, EventListener(name="ear", pattern="delivery.*", handler=lambda: hear))()
    # Two seconds later.
    other.interest.expire()
    after = await flush(other)
    await other.engines.stop()

    assert after == [*before, "SELECT event_subscriptions.pattern FROM", "INSERT INTO events"]
    assert world.query("SELECT count(*) AS n FROM events") == [{"n": 3}]


async def test_no_more_is_written_when_the_listener_is_gone(world: SqliteWorld) -> None:
    async def hear(_: SealedEvent) -> None: ...

    before = relay_of(world, EventListener(name="ear", pattern="delivery.*", handler=lambda: hear))
    await before()
    await flush(world)
    await before.let_go()
    await relay_of(world)()
    await flush(world)

    assert world.query("SELECT count(*) AS n FROM events") == [{"n": 3}]
    assert world.query("SELECT count(*) AS n FROM event_subscriptions") == [{"n": 0}]
