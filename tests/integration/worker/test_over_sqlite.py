"""The worker, the relay and the upkeep over SQLite, within one process."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from application.jobs.held_lease import HeldLease
from application.maintenance.sweep_expired import RetentionRules, SweepExpired
from application.ports.event_relay import SealedEvent
from application.ports.message_broker import Message
from application.ports.notification_channel import OutboundMessage, SendReport
from application.relay.event_consumers import BROKER, LISTENERS, BrokerConsumer, EventListener, ListenersConsumer
from application.relay.fold_tallies import FoldTallies
from application.relay.relay_events import RelayEvents
from application.relay.relay_state import RelayState
from application.shared.job_run import JobRun
from domain.notifications.attempt import AttemptOutcome
from domain.notifications.channel import Channel
from domain.notifications.events import NotificationAccepted
from infrastructure.memory.recording_channel import RecordingChannel
from infrastructure.message_broker.memory import MemoryMessageBroker, MessageBus
from tests.integration.worker.sqlite_world import SqliteWorld
from tests.unit.worker.assembly import TENANT, Note
from tests.unit.worker.world import until

DOWN = SendReport(outcome=AttemptOutcome.RETRYABLE, status_code=503, error_code="http.503")


@pytest.fixture
async def beside(database: Path) -> AsyncIterator[SqliteWorld]:
    """A second worker's process, as far as the store can tell."""
    opened = SqliteWorld(database, RecordingChannel(Channel.EMAIL), plan={"slots": {Channel.EMAIL: 1}}, owner="other")
    await opened.engines.start()
    yield opened
    await opened.engines.stop()


async def test_two_providers_fail_and_the_third_sends_in_one_round(world: SqliteWorld) -> None:
    channel = RecordingChannel(Channel.EMAIL, providers={"a": [DOWN], "b": [DOWN], "c": []})
    world.channels[Channel.EMAIL] = channel
    async with world.working():
        await world.notify()
        await until(lambda: world.statuses() == {"sent": 1})

    assert world.query("SELECT provider, outcome, round FROM attempts ORDER BY id") == [
        {"provider": "a", "outcome": "retryable", "round": 1},
        {"provider": "b", "outcome": "retryable", "round": 1},
        {"provider": "c", "outcome": "ok", "round": 1},
    ]


async def test_it_waits_for_the_next_round_by_the_store_s_clock(world: SqliteWorld) -> None:
    world.channels[Channel.EMAIL] = RecordingChannel(Channel.EMAIL, reports=[DOWN])
    async with world.working():
        await world.notify()
        await until(lambda: world.query("SELECT rounds FROM deliveries") == [{"rounds": 1}])
    (row,) = world.query("SELECT status, next_at - unixepoch() * 1000 AS wait, lease_owner FROM deliveries")

    assert (row["status"], row["lease_owner"]) == ("pending", None)
    assert 1_000 < row["wait"] <= 6_000


async def test_each_has_one_end_and_late_results_are_fenced_when_the_work_outlasts_the_lease(
    world: SqliteWorld, beside: SqliteWorld
) -> None:
    async def slow(_: OutboundMessage) -> SendReport:
        await asyncio.sleep(0.8)
        return SendReport(outcome=AttemptOutcome.OK)

    world.channels[Channel.EMAIL] = RecordingChannel(Channel.EMAIL, reports=slow)
    world.plan |= {"slots": {Channel.EMAIL: 5}}
    for each in (world, beside):
        each.lease_seconds, each.heartbeat_seconds = 0.2, 3600
    async with world.working(), beside.working():
        await world.notify(30)
        await until(lambda: world.statuses() == {"sent": 30}, 30)

    fenced = sum(each.metrics.count("lease_lost_total", kind="deliveries") for each in (world, beside))
    assert fenced > 0
    assert world.tallied() == {"sent": 30}
    assert world.query("SELECT count(*) AS n FROM attempts WHERE outcome = 'ok'") == [{"n": 30}]


async def test_a_job_that_cannot_be_read_is_kept_whole(world: SqliteWorld) -> None:
    async def run(_: JobRun[Note]) -> None: ...

    world.handle(run)
    await world.enqueue()
    odd = await world.enqueue(name="notes.burn", payload=Note("ashes"))
    async with world.working():
        await until(lambda: _jobs(world) == {"succeeded": 1, "pending": 1})
    (row,) = world.query("SELECT id, payload, attempts, last_error FROM jobs WHERE status = 'pending'")

    assert (bytes(row["id"]), bytes(row["payload"]), row["attempts"]) == (odd.bytes, b'{"text":"ashes"}', 0)
    assert "notes.burn" in row["last_error"]


async def test_its_handler_learns_of_it_within_a_heartbeat_when_a_running_job_is_cancelled(world: SqliteWorld) -> None:
    started, cancelled = asyncio.Event(), asyncio.Event()

    async def hang(_: JobRun[Note]) -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    world.handle(hang)
    async with world.working():
        job_id = await world.enqueue()
        await asyncio.wait_for(started.wait(), 10)
        async with world.unit_of_work() as uow:
            assert await uow.jobs.cancel(TENANT, job_id, world.clock.now())
            await uow.commit()
        await asyncio.wait_for(cancelled.wait(), 10)

    (row,) = world.query("SELECT status, next_at, lease_owner, finished_at IS NULL AS unfinished FROM jobs")
    assert row == {"status": "cancelled", "next_at": None, "lease_owner": None, "unfinished": 0}


def relay_of(world: SqliteWorld, heard: list[str], published: list[str]) -> RelayEvents:
    """A relay that tells a listener and a broker."""

    async def listen(event: SealedEvent) -> None:
        heard.append(event.aggregate_id)

    async def receive(message: Message) -> None:
        published.append(message.key)

    bus = MessageBus(supervisor=world.supervisor, log=world.logged, metrics=lambda: world.metrics)
    broker = MemoryMessageBroker(bus)
    broker.subscribe("notification.*", receive)
    listener = EventListener(name="ear", pattern="**", handler=lambda: listen)
    return RelayEvents(
        unit_of_work=world.unit_of_work,
        scope=world.scope,
        consumers={
            BROKER: BrokerConsumer(broker=broker),
            LISTENERS: ListenersConsumer(listeners=[listener], trace=world.trace, log=world.log),
        },
        state=RelayState(),
        ids=world.ids,
        log=world.log,
    )


async def test_events_are_relayed_once_and_forgotten_in_the_end(world: SqliteWorld) -> None:
    heard: list[str] = []
    published: list[str] = []
    relay = relay_of(world, heard, published)
    await _append(world, 5)
    assert await relay()
    assert not await relay()
    await until(lambda: len(published) == 5)
    assert heard == published == [f"notification:{number}" for number in range(5)]

    sweep = SweepExpired(
        unit_of_work=world.unit_of_work,
        scope=world.scope,
        rules=RetentionRules(events=0.0),
        lease=HeldLease("scheduler"),
        log=world.log,
        metrics=world.metrics,
    )
    await asyncio.sleep(0.01)  # by the store's own clock they have to be older than nothing at all
    assert (await sweep())["events"] == 5
    await relay.let_go()
    await world.supervisor.drain(1)


async def test_counts_are_folded_once(world: SqliteWorld) -> None:
    world.channels[Channel.EMAIL] = RecordingChannel(Channel.EMAIL)
    async with world.working():
        await world.notify(3)
        await until(lambda: world.statuses() == {"sent": 3})
    fold = FoldTallies(unit_of_work=world.unit_of_work, scope=world.scope, state=RelayState(), clock=world.clock)
    assert await fold()
    assert not await fold()

    assert world.query("SELECT status, sent, pending FROM notifications") == [
        {"status": "completed", "sent": 3, "pending": 0}
    ]


async def _append(world: SqliteWorld, number: int) -> None:
    async with world.unit_of_work() as uow:
        for each in range(number):
            uow.events.append(
                NotificationAccepted(
                    id=world.ids.new(),
                    tenant_id=TENANT,
                    aggregate_id=f"notification:{each}",
                    occurred_at=world.clock.now(),
                    transaction_id="t",
                    channels=("email",),
                    recipients=1,
                )
            )
        await uow.commit()


def _jobs(world: SqliteWorld) -> dict[str, int]:
    return {row["status"]: row["n"] for row in world.query("SELECT status, count(*) AS n FROM jobs GROUP BY status")}
