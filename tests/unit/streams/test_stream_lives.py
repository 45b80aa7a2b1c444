"""How streams are refused, kept alive and ended."""

import asyncio
import time
from uuid import UUID

import pytest

from domain.realtime.errors import TooManyStreams
from domain.shared.errors import Unavailable
from domain.subscribers.subscriber import SubscriberNotFound
from infrastructure.config.sse import SseSettings
from tests.unit.streams.world import ANN, BOB, MemorySocket, World, first_page, places, until

NOBODY = UUID(int=99)


async def test_the_stream_ends_when_its_subscriber_is_deleted() -> None:
    async with World() as world:
        socket = await world.open()
        del world.log.streams[ANN]

        await world.hub.hear(None)

        await until(lambda: socket.finished)


async def test_nothing_is_sent_when_there_is_no_such_stream() -> None:
    async with World() as world:
        socket = world.connect(NOBODY)
        with pytest.raises(SubscriberNotFound):
            await world.tasks.pop()

        assert not socket.started
        assert world.hub.connections == 0


async def test_the_next_stream_is_refused_when_a_subscriber_has_as_many_as_allowed() -> None:
    async with World(SseSettings(max_per_subscriber=2)) as world:
        first = await world.open()
        await world.open()
        with pytest.raises(TooManyStreams) as refusal:
            await _refused(world)
        await world.open(BOB)

        first.closed.set()
        await until(lambda: world.hub.connections == 2)
        await world.open()

        assert refusal.value.retry_after
        assert world.metrics.count("stream_connections_refused_total") == 1


async def test_the_next_stream_is_refused_when_the_process_has_as_many_as_allowed() -> None:
    async with World(SseSettings(max_connections=1)) as world:
        await world.open()
        with pytest.raises(TooManyStreams):
            await _refused(world, BOB)


async def _refused(world: World, stream_id: UUID = ANN) -> None:
    socket = world.connect(stream_id)
    try:
        await world.tasks.pop()
    finally:
        assert not socket.started


async def test_the_place_is_given_back_when_the_store_fails_while_opening() -> None:
    async with World() as world:
        world.log.failure = OSError("planted")
        socket = world.connect()
        with pytest.raises(OSError, match="planted"):
            await world.tasks.pop()

        assert not socket.started
        assert world.hub.connections == 0


async def test_the_stream_ends_in_order_when_the_store_fails_during_a_replay() -> None:
    async with World() as world:
        for _ in range(500):
            world.log.commit(ANN)
        socket = world.connect(position="1000-0")
        await first_page(socket)
        world.log.failure = OSError("planted")

        await until(lambda: socket.finished)
        assert socket.places == places(1, len(socket.places))
        assert world.hub.connections == 0


async def test_the_place_is_given_back_when_the_request_is_cancelled() -> None:
    async with World() as world:
        await world.open()
        task = world.tasks.pop()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

        assert world.hub.connections == 0


async def test_the_place_is_given_back_when_the_request_is_cancelled_while_opening() -> None:
    async with World() as world:
        socket = world.connect()
        await asyncio.sleep(0)
        assert world.hub.connections == 1
        task = world.tasks.pop()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

        assert not socket.started
        assert world.hub.connections == 0


async def test_comments_come_at_intervals_when_nothing_happens() -> None:
    async with World(SseSettings(ping_interval=0.06)) as world:
        socket = await world.open()
        started = time.monotonic()
        await until(lambda: socket.parser.comments >= 5)

        assert 0.2 < time.monotonic() - started < 1.0
        assert world.supervisor.counts()["streams.hub"].running == 1


async def test_a_stream_ends_by_itself_when_it_is_old() -> None:
    async with World(SseSettings(max_age=0.05)) as world:
        socket = await world.open()

        await until(lambda: socket.finished)
        assert "shutdown" not in socket.names()
        assert not socket.aborted
        assert world.metrics.count("stream_connections_ended_total", reason="aged") == 1


async def test_a_stream_ends_when_the_credential_does() -> None:
    async with World() as world:
        ends = world.clock.now().replace(microsecond=100_000)
        socket = world.connect(expires_at=ends)

        await until(lambda: socket.finished)


async def test_a_stream_ends_when_the_clock_has_passed_the_credentials_end() -> None:
    async with World(SseSettings(recheck_interval=0.03)) as world:
        socket = world.connect(expires_at=world.clock.now().replace(hour=1))
        await until(lambda: socket.started)
        await asyncio.sleep(0.05)
        assert not socket.finished

        world.clock.advance(3_600)

        await until(lambda: socket.finished)


async def test_a_stream_ends_when_access_is_withdrawn() -> None:
    async with World(SseSettings(recheck_interval=0.03)) as world:
        ann, bob = await world.open(ANN), await world.open(BOB)

        world.refused.add(ANN)

        await until(lambda: ann.finished)
        assert not bob.finished
        assert world.metrics.count("stream_connections_ended_total", reason="revoked") == 1


async def test_every_client_is_told_and_ended_when_the_process_drains() -> None:
    async with World() as world:
        sockets = [await world.open() for _ in range(5)]
        stalled = await world.open()
        stalled.room.clear()
        started = time.monotonic()

        world.hub.close_all()

        await until(lambda: all(socket.finished for socket in sockets))
        assert time.monotonic() - started < 0.5
        for socket in sockets:
            farewell = socket.events[-1]
            assert (farewell.name, farewell.data) == ("shutdown", '{"retry":15500}')
            assert socket.parser.retry == 15_500
            assert socket.parser.last_id == "1000-0"
        await until(lambda: world.hub.connections == 0)
        assert time.monotonic() - started < 1.0
        assert stalled.aborted


async def test_a_stream_is_refused_when_the_process_drains() -> None:
    async with World() as world:
        world.hub.close_all()
        world.connect()
        with pytest.raises(Unavailable):
            await world.tasks.pop()


async def test_a_client_is_told_when_the_process_drains_during_its_replay() -> None:
    async with World() as world:
        for _ in range(2_000):
            world.log.commit(ANN)
        socket = world.connect(position="1000-0")
        await first_page(socket)

        world.hub.close_all()

        await until(lambda: socket.finished)
        assert socket.names()[-1] == "shutdown"
        assert socket.places == places(1, len(socket.places))
        assert len(socket.places) < 2_000


async def test_streams_open_again_when_the_hub_is_restarted() -> None:
    async with World() as world:
        await world.hub.stop()
        await world.hub.start()
        socket = await world.open()
        await world.publish()

        assert socket.places == ["1000-1"]


async def test_other_clients_are_written_to_when_one_is_lost() -> None:
    async with World() as world:
        lost, other = await world.open(), await world.open()
        lost.broken = True

        await world.publish()

        assert other.places == ["1000-1"]
        await until(lambda: world.hub.connections == 1)
        assert world.metrics.count("stream_connections_ended_total", reason="lost") == 1


async def test_no_task_is_made_for_a_connection_when_its_client_reads() -> None:
    async with World() as world:
        (await world.open()).closed.set()
        await until(lambda: world.hub.connections == 0)
        before = len(asyncio.all_tasks())
        for number in range(20):
            await world.open(BOB if number % 2 else ANN)
        for _ in range(20):
            await world.publish()

        assert len(asyncio.all_tasks()) == before + 20  # Those of the requests themselves.


async def test_the_connection_is_counted_when_open() -> None:
    async with World() as world:
        socket = MemorySocket()
        world.connect(socket=socket)
        await until(lambda: bool(socket.events))
        assert world.metrics.level("stream_connections") == 1
        socket.closed.set()
        await until(lambda: world.metrics.level("stream_connections") == 0)
        assert world.metrics.count("stream_connections_opened_total") == 1
