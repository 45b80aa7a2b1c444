"""What open streams are told as things happen."""

import asyncio
from uuid import UUID

import pytest

from application.ports.stream_hints import StreamHint
from infrastructure.config.sse import SseSettings
from tests.unit.streams.world import ANN, BOB, World, places, until


async def test_a_stream_begins_with_retry_place_and_counts_when_opened() -> None:
    async with World() as world:
        world.log.commit(ANN)
        socket = await world.open()

        assert socket.parser.retry == 3000
        assert socket.parser.last_id == "1000-1"
        assert [(event.name, event.data) for event in socket.events] == [
            ("unread_count_changed", '{"unread":1,"unseen":0}')
        ]


async def test_an_update_is_written_in_the_publishers_turn_when_it_follows_on() -> None:
    async with World() as world:
        sockets = [await world.open() for _ in range(3)]
        hint = world.log.commit(ANN)
        reads = world.log.pages_read

        publishing = world.hub.hear([hint])
        with pytest.raises(StopIteration):
            publishing.send(None)  # Not one suspension.

        assert all(socket.places == ["1000-1"] for socket in sockets)
        assert all(socket.writes == 3 for socket in sockets)
        assert world.log.pages_read == reads


async def test_updates_of_another_stream_are_not_seen_when_both_are_open() -> None:
    async with World() as world:
        ann, bob = await world.open(ANN), await world.open(BOB)

        await world.publish(BOB)

        assert bob.places == ["1000-1"]
        assert ann.places == []


async def test_counts_follow_each_change_when_updates_are_published() -> None:
    async with World() as world:
        socket = await world.open()

        await world.publish()
        await world.publish()

        assert socket.names() == ["unread_count_changed", *(["notification_received", "unread_count_changed"] * 2)]
        assert socket.events[-1].data == '{"unread":2,"unseen":0}'
        assert socket.events[-1].last_id == "1000-2"


async def test_the_log_is_read_when_a_hint_was_lost() -> None:
    async with World() as world:
        sockets = [await world.open() for _ in range(2)]
        world.log.commit(ANN)
        world.log.commit(ANN)

        await world.publish()

        await until(lambda: all(socket.places == places(1, 3) for socket in sockets))
        assert world.log.pages_read == 1
        assert [socket.events[-1].data for socket in sockets] == ['{"unread":3,"unseen":0}'] * 2


async def test_the_log_is_read_when_a_hint_carries_no_frame() -> None:
    async with World() as world:
        socket = await world.open()
        world.log.commit(ANN)

        await world.hints.publish([StreamHint(stream_id=ANN, epoch=1000, seq=1, unread=1, unseen=0)])

        await until(lambda: socket.places == ["1000-1"])


async def test_a_late_hint_changes_nothing_when_its_update_was_read_from_the_log() -> None:
    async with World() as world:
        socket = await world.open()
        first, second = world.log.commit(ANN), world.log.commit(ANN)

        await world.hints.publish([second])
        await until(lambda: len(socket.places) == 2)
        await world.hints.publish([first])
        assert socket.events[-1].data == '{"unread":2,"unseen":0}'
        await world.publish()

        assert socket.places == places(1, 3)
        assert socket.events[-1].data == '{"unread":3,"unseen":0}'


async def test_every_open_stream_is_looked_at_once_when_nobody_knows_what_moved() -> None:
    async with World() as world:
        ann, bob = await world.open(ANN), await world.open(BOB)
        world.log.commit(ANN)
        world.log.commit(BOB)
        asked = len(world.log.heads_asked)

        for _ in range(50):
            await world.hub.hear(None)

        await until(lambda: ann.places == bob.places == ["1000-1"])
        await asyncio.sleep(0.02)
        assert world.log.heads_asked[asked:] == [2]


async def test_lost_hints_are_made_good_when_time_passes() -> None:
    async with World(catch_up_interval=0.02) as world:
        socket = await world.open()
        world.log.commit(ANN)

        await until(lambda: socket.places == ["1000-1"])


async def test_catching_up_is_tried_again_when_the_store_fails() -> None:
    async with World(catch_up_interval=0.02) as world:
        socket = await world.open()
        world.log.failure = OSError("planted")
        world.log.commit(ANN)
        await until(lambda: world.lines.lines("streams.catch_up_failed"))

        world.log.failure = None

        await until(lambda: socket.places == ["1000-1"])


async def test_heads_are_read_in_chunks_when_many_streams_are_open() -> None:
    settings = SseSettings(max_connections=2_000)
    async with World(settings) as world:
        ids = [UUID(int=1_000 + number) for number in range(1_200)]
        stream = type(world.log.streams[ANN])
        world.log.streams |= {stream_id: stream() for stream_id in ids}
        sockets = [world.connect(stream_id) for stream_id in ids]
        await until(lambda: all(socket.events for socket in sockets))
        opened = list(world.log.heads_asked)
        await world.hub.hear(None)
        await until(lambda: len(world.log.heads_asked) >= len(opened) + 3)

        assert max(world.log.heads_asked) == 500
        assert len(opened) <= 4
        assert sum(world.log.heads_asked[len(opened) :]) == 1_200
