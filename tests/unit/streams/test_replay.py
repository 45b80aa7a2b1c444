"""What clients are told of what they missed."""

import asyncio

import pytest

from tests.unit.streams.world import ANN, World, first_page, places, until


@pytest.mark.parametrize("missed", [1, 199, 200, 201, 650])
async def test_history_is_replayed_without_hole_when_a_client_returns(missed: int) -> None:
    async with World() as world:
        for _ in range(missed + 5):
            world.log.commit(ANN)

        socket = await world.open(position="1000-5")

        assert socket.places == places(6, missed + 5)
        assert socket.names().count("reset") == 0
        assert socket.events[-1].name == "unread_count_changed"


async def test_nothing_is_doubled_or_lost_when_updates_come_while_history_is_read() -> None:
    async with World() as world:
        for _ in range(500):
            world.log.commit(ANN)
        other = await world.open()
        socket = world.connect(position="1000-0")
        await first_page(socket)
        for _ in range(300):
            await world.publish()
            await asyncio.sleep(0)

        await until(lambda: len(socket.places) == 800)
        assert socket.places == places(1, 800)
        assert other.places == places(501, 800)


@pytest.mark.parametrize("turns", range(8))
async def test_an_update_is_not_missed_when_it_commits_while_the_stream_opens(turns: int) -> None:
    async with World() as world:
        socket = world.connect()
        for _ in range(turns):
            await asyncio.sleep(0)
        await world.publish()
        await world.publish()

        await until(lambda: socket.parser.last_id == "1000-2" and bool(socket.events))
        assert socket.places == places(3 - len(socket.places), 2)
        assert socket.events[-1].data == '{"unread":2,"unseen":0}'


@pytest.mark.parametrize("turns", range(6))
async def test_nothing_is_doubled_when_a_late_hint_comes_while_the_log_is_read(turns: int) -> None:
    async with World() as world:
        socket = await world.open()
        first, second = world.log.commit(ANN), world.log.commit(ANN)

        await world.hints.publish([second])
        for _ in range(turns):
            await asyncio.sleep(0)
        await world.hints.publish([first])

        await until(lambda: socket.parser.last_id == "1000-2")
        await asyncio.sleep(0.01)
        assert socket.places == places(1, 2)


@pytest.mark.parametrize(
    "position",
    ["1000-99", "999-1", "1001-1", "1000-1", "0-0"],
    ids=["future", "earlier epoch", "later epoch", "evicted", "null"],
)
async def test_a_client_is_told_once_to_begin_anew_when_its_place_is_not_ours(position: str) -> None:
    async with World() as world:
        for _ in range(5):
            world.log.commit(ANN)
        world.log.evict(ANN, keep=3)

        socket = await world.open(position=position)
        await world.publish()

        assert [(event.name, event.data, event.last_id) for event in socket.events[:2]] == [
            ("reset", '{"reason":"gap"}', "1000-5"),
            ("unread_count_changed", '{"unread":5,"unseen":0}', "1000-5"),
        ]
        assert socket.places == ["1000-6"]
        assert socket.names().count("reset") == 1
        assert world.metrics.count("stream_resets_total") == 1


async def test_the_next_reconnect_does_not_begin_anew_when_the_last_did() -> None:
    async with World() as world:
        for _ in range(5):
            world.log.commit(ANN)
        world.log.evict(ANN)
        first = await world.open(position="1000-1")

        again = await world.open(position=first.parser.last_id)

        assert "reset" not in again.names()


async def test_the_oldest_kept_update_can_be_replayed_when_the_one_before_was_the_last_seen() -> None:
    async with World() as world:
        for _ in range(5):
            world.log.commit(ANN)
        world.log.evict(ANN, keep=3)

        socket = await world.open(position="1000-2")

        assert socket.places == places(3, 5)


async def test_a_client_is_told_once_when_history_is_cut_while_it_reads() -> None:
    async with World() as world:
        for _ in range(900):
            world.log.commit(ANN)
        socket = world.connect(position="1000-0")
        await first_page(socket)
        world.log.evict(ANN, keep=10)

        await until(lambda: socket.events[-1].name == "unread_count_changed")
        await world.publish()

        kept = socket.names().index("reset")
        assert kept % 200 == 0
        assert socket.places == [*places(1, kept), "1000-901"]
        assert socket.names().count("reset") == 1


async def test_live_clients_are_told_once_when_the_stream_begins_a_new_history() -> None:
    async with World() as world:
        sockets = [await world.open() for _ in range(2)]
        await world.publish()
        world.log.restore(ANN)

        await world.publish()
        await until(lambda: all("reset" in socket.names() for socket in sockets))
        await world.publish()

        for socket in sockets:
            assert socket.names().count("reset") == 1
            assert socket.places == ["1000-1", "1001-2"]
            assert socket.events[-1].data == '{"unread":2,"unseen":0}'


async def test_live_clients_are_told_once_when_what_they_missed_is_gone() -> None:
    async with World() as world:
        socket = await world.open()
        for _ in range(5):
            world.log.commit(ANN)
        world.log.evict(ANN, keep=2)

        await world.publish()
        await until(lambda: "reset" in socket.names())
        await world.publish()

        assert socket.places == ["1000-7"]
