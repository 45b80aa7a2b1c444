"""Clients that do not read as fast as others write."""

import asyncio

from infrastructure.config.sse import SseSettings
from tests.unit.streams.world import ANN, World, first_page, places, until


async def test_what_a_client_could_not_take_comes_later_in_order_when_its_socket_was_full() -> None:
    async with World() as world:
        slow, quick = await world.open(), await world.open()
        slow.room.clear()

        for _ in range(20):
            await world.publish()
        assert slow.places == []
        assert quick.places == places(1, 20)
        slow.room.set()
        await until(lambda: len(slow.places) == 20)
        await world.publish()

        assert slow.places == places(1, 21)
        assert slow.writes == 2 + 1 + 1 + 1  # Opening and counts, the suspended write, the rest as one, the last.


async def test_one_task_carries_on_for_a_connection_when_its_socket_is_full() -> None:
    async with World() as world:
        slow = await world.open()
        slow.room.clear()

        for _ in range(20):
            await world.publish()

        assert world.supervisor.counts()["streams.flush"].started == 1
        slow.room.set()
        await until(lambda: len(slow.places) == 20)
        await until(lambda: world.supervisor.counts()["streams.flush"].running == 0)


async def test_a_client_is_cut_off_when_it_takes_nothing_in_time() -> None:
    async with World(SseSettings(send_timeout=0.05)) as world:
        stalled, other = await world.open(), await world.open()
        stalled.room.clear()

        await world.publish()

        await until(lambda: stalled.aborted)
        await until(lambda: world.hub.connections == 1)
        assert not other.aborted
        assert world.metrics.count("stream_connections_ended_total", reason="slow") == 1


async def test_a_client_is_cut_off_when_too_many_events_wait_for_it() -> None:
    async with World(SseSettings(backlog=10)) as world:
        stalled = await world.open()
        stalled.room.clear()

        for _ in range(11):
            await world.publish()
        assert not stalled.aborted
        await world.publish()

        assert stalled.aborted


async def test_a_client_is_cut_off_when_too_many_bytes_wait_for_it() -> None:
    async with World(SseSettings(backlog_bytes=10_000)) as world:
        stalled = await world.open()
        stalled.room.clear()

        for _ in range(5):
            await world.publish(text="x" * 2_000)
        assert not stalled.aborted
        await world.publish(text="x" * 2_000)

        assert stalled.aborted


async def test_a_client_is_cut_off_when_it_stalls_during_its_replay() -> None:
    async with World(SseSettings(send_timeout=0.05)) as world:
        for _ in range(1_000):
            world.log.commit(ANN)
        socket = world.connect(position="1000-0")
        await first_page(socket)
        socket.room.clear()

        await until(lambda: socket.aborted)
        await until(lambda: world.hub.connections == 0)
        assert world.metrics.count("stream_connections_ended_total", reason="slow") == 1


async def test_history_is_read_no_faster_than_the_client_takes_it_when_replaying() -> None:
    async with World() as world:
        for _ in range(2_000):
            world.log.commit(ANN)
        socket = world.connect(position="1000-0")
        await first_page(socket)
        socket.room.clear()
        await asyncio.sleep(0.05)

        assert world.log.pages_read <= 3
        socket.room.set()
        await until(lambda: len(socket.places) == 2_000)
        assert socket.places == places(1, 2_000)


async def test_a_reader_is_not_cut_off_when_a_long_gap_is_filled() -> None:
    async with World(SseSettings(backlog=50)) as world:
        socket = await world.open()
        socket.room.clear()
        await world.publish()
        for _ in range(3_000):
            world.log.commit(ANN)
        socket.room.set()
        await world.publish()

        await until(lambda: len(socket.places) == 3_002)
        assert socket.places == places(1, 3_002)
        assert not socket.aborted


async def test_no_comment_is_added_when_a_client_is_behind() -> None:
    async with World(SseSettings(ping_interval=0.03)) as world:
        socket = await world.open()
        socket.room.clear()
        await world.publish()
        await asyncio.sleep(0.1)
        before = socket.parser.comments
        socket.room.set()
        await until(lambda: bool(socket.places))

        assert socket.parser.comments - before <= 1


async def test_what_waits_is_still_sent_when_the_stream_grows_too_old() -> None:
    async with World(SseSettings(max_age=0.1)) as world:
        socket = await world.open()
        socket.room.clear()
        for _ in range(3):
            await world.publish()
        await asyncio.sleep(0.12)
        socket.room.set()

        await until(lambda: socket.finished)
        assert socket.places == places(1, 3)
