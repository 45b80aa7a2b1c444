"""Retention, over every store; idempotency records are in their own suite."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import UUID

from application.ports.retention import Retention
from domain.realtime.cursor import Cursor
from domain.realtime.ticket import StreamTicket
from tests.contracts.job_calls import Jobs
from tests.contracts.queue_calls import LONG, SHORT, SHORTLY
from tests.contracts.samples import SCOPE, TENANT, Samples
from tests.contracts.stores import Store

OLD = 0.01
"""Seconds after which things are forgotten here."""


@asynccontextmanager
async def retention(store: Store) -> AsyncIterator[Retention]:
    async with store.unit_of_work() as uow:
        yield uow.retention
        await uow.commit()


async def test_only_old_tickets_go_when_forgotten(store: Store) -> None:
    async with store.unit_of_work() as uow:
        for number in range(4):
            ticket = StreamTicket(
                digest=str(number) * 64,
                tenant_id=TENANT,
                subscriber_id="u1",
                credential_expires_at=None,
                expires_at=store.now(),
            )
            await uow.tickets.add(ticket, SHORT if number else LONG)
        await uow.commit()
    await store.after(SHORTLY)

    async with retention(store) as opened:
        assert [await opened.forget_tickets(SCOPE, 2) for _ in range(3)] == [2, 1, 0]
    async with store.unit_of_work() as uow:
        assert await uow.tickets.redeem("0" * 64) is not None


async def finish_jobs(store: Store, make: Samples) -> None:
    """One job that succeeded, one dead, one cancelled, one running, one that waits."""
    jobs = Jobs(store)
    for end in (jobs.complete, jobs.bury):
        await make.add_job()
        await end((await jobs.claim())[0])
    cancelled = await make.add_job()
    async with store.unit_of_work() as uow:
        await uow.jobs.cancel(TENANT, cancelled.id, store.now())
        await uow.commit()
    await make.add_job()
    assert len(await jobs.claim()) == 1
    await make.add_job()


async def test_only_old_finished_jobs_go_when_forgotten(store: Store, make: Samples) -> None:
    await finish_jobs(store, make)
    await store.after(SHORTLY)

    async def forget(succeeded: float, dead: float, limit: int = 10) -> int:
        async with retention(store) as opened:
            return await opened.forget_jobs(SCOPE, succeeded_seconds=succeeded, dead_seconds=dead, limit=limit)

    assert await forget(LONG, LONG) == 0
    assert await forget(LONG, OLD) == 1
    assert await forget(OLD, LONG, limit=1) == 1
    assert await forget(OLD, OLD) == 1
    assert await forget(OLD, OLD) == 0
    assert len(await Jobs(store).claim()) == 1


async def test_dead_jobs_stay_when_the_succeeded_are_forgotten(store: Store, make: Samples) -> None:
    await finish_jobs(store, make)
    await store.after(SHORTLY)

    async with retention(store) as opened:
        assert await opened.forget_jobs(SCOPE, succeeded_seconds=OLD, dead_seconds=LONG, limit=10) == 2
        assert await opened.forget_jobs(SCOPE, succeeded_seconds=LONG, dead_seconds=OLD, limit=10) == 1


async def seqs(store: Store, make: Samples, stream_id: UUID) -> tuple[int, list[int]]:
    """The oldest place that can be replayed, and what the log has."""
    head = await make.head(stream_id)
    log = await store.streams.read(SCOPE, stream_id, head.epoch, 0, 100)
    return head.oldest_seq, [update.seq for update in log]


async def test_the_newest_are_kept_when_a_stream_is_long(store: Store, make: Samples) -> None:
    long, short = (await make.add_subscriber("u1")).id, (await make.add_subscriber("u2")).id
    await make.push(*(make.update(long) for _ in range(5)), *(make.update(short) for _ in range(2)))

    async with retention(store) as opened:
        assert await opened.trim_streams(SCOPE, keep=2, seconds=LONG, limit=100) == 3
        assert await opened.trim_streams(SCOPE, keep=2, seconds=LONG, limit=100) == 0

    assert await seqs(store, make, long) == (4, [4, 5])
    assert await seqs(store, make, short) == (1, [1, 2])
    head = await make.head(long)
    assert head.can_replay_from(Cursor(head.epoch, 3))
    assert not head.can_replay_from(Cursor(head.epoch, 2))


async def test_the_beginning_goes_when_it_is_old(store: Store, make: Samples) -> None:
    stream = (await make.add_subscriber()).id
    await make.push(*(make.update(stream) for _ in range(3)))
    await store.after(0.5)
    await make.push(make.update(stream))

    async with retention(store) as opened:
        assert await opened.trim_streams(SCOPE, keep=100, seconds=0.4, limit=100) == 3

    assert await seqs(store, make, stream) == (4, [4])


async def test_places_go_on_when_the_whole_log_was_trimmed(store: Store, make: Samples) -> None:
    stream = (await make.add_subscriber()).id
    await make.push(*(make.update(stream) for _ in range(3)))
    await store.after(SHORTLY)
    async with retention(store) as opened:
        assert await opened.trim_streams(SCOPE, keep=100, seconds=OLD, limit=100) == 3
    assert await seqs(store, make, stream) == (4, [])
    head = await make.head(stream)
    assert head.can_replay_from(head.cursor)

    await make.push(make.update(stream))
    assert await seqs(store, make, stream) == (4, [4])


async def test_no_hole_is_left_when_the_limit_cuts_a_trim_short(store: Store, make: Samples) -> None:
    streams = [(await make.add_subscriber(f"u{number}")).id for number in range(3)]
    await make.push(*(make.update(stream) for stream in streams for _ in range(4)))

    for removed in (5, 5, 2, 0):
        async with retention(store) as opened:
            assert await opened.trim_streams(SCOPE, keep=0, seconds=LONG, limit=5) == removed
        for stream in streams:
            oldest, left = await seqs(store, make, stream)
            assert left == list(range(oldest, 5))


async def test_events_go_when_they_are_old_and_everybody_has_seen_them(store: Store, make: Samples) -> None:
    before = store.now() - timedelta(minutes=5)
    async with store.unit_of_work() as uow:
        for number in range(6):
            uow.events.append(make.event(occurred_at=before if number < 4 else store.now()))
        await uow.commit()
    async with store.unit_of_work() as uow:
        await uow.relay.seal(SCOPE, 5)
        await uow.relay.advance(SCOPE, "broker", 5)
        await uow.relay.advance(SCOPE, "webhooks", 3)
        await uow.commit()

    async with retention(store) as opened:
        assert await opened.forget_events(SCOPE, seconds=3600.0, limit=10) == 0
        assert [await opened.forget_events(SCOPE, seconds=60.0, limit=2) for _ in range(3)] == [2, 1, 0]
    async with store.unit_of_work() as uow:
        assert [event.position for event in await uow.relay.read_after(SCOPE, 0, 10)] == [4, 5]
        assert await uow.relay.seal(SCOPE, 10) == 1
        assert [event.position for event in await uow.relay.read_after(SCOPE, 5, 10)] == [6]
