"""Stream hints over a Redis that is away, frozen, flushed and started again; and what is no hint of ours."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from redis.asyncio.client import PubSub

from infrastructure.streams import hint_outbox, redis_hints
from infrastructure.streams.hint_wire import Unreadable, packed, unpacked
from tests.contracts.redis_end import redis_end
from tests.contracts.stream_hints_contract import HINT, Ear
from tests.servers.redis import NoRedis, RedisServer, client
from tests.unit.worker.world import until

pytestmark = pytest.mark.service


@pytest.fixture
async def server() -> AsyncIterator[RedisServer]:
    try:
        async with RedisServer() as started:
            yield started
    except NoRedis as error:
        pytest.skip(str(error))


async def test_listener_looks_once_when_the_server_is_back_and_hears_again(server: RedisServer) -> None:
    async with redis_end(server.url) as end, redis_end(server.url) as other:
        ear = Ear()
        other.hints.listen(ear)
        await server.kill()
        await until(lambda: not other.channel.hearing.is_set())
        before = len(ear.heard)

        await server.start()
        await other.hears()
        await end.hears()

        assert None in ear.heard[before:]
        await end.hints.publish([HINT])
        await until(lambda: [HINT] in ear.heard)
        for each in (end, other):
            assert len(each.log.lines("streams.redis_lost")) == len(each.log.lines("streams.redis_back")) >= 1


async def test_listener_looks_again_and_again_while_the_server_is_away(
    server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_hints, "BLIND_SECONDS", 0.2)
    async with redis_end(server.url) as end:
        ear = Ear()
        end.hints.listen(ear)
        await asyncio.sleep(0.5)
        assert ear.heard == []

        await server.kill()

        await until(lambda: len(ear.heard) >= 3)
        assert set(map(str, ear.heard)) == {"None"}


async def test_listener_looks_when_the_server_stands_still(server: RedisServer) -> None:
    async with redis_end(server.url) as end:
        ear = Ear()
        end.hints.listen(ear)
        server.freeze()
        try:
            await until(lambda: None in ear.heard, seconds=15)
            async with asyncio.timeout(1):
                for _ in range(50):
                    await end.hints.publish([HINT])
            assert ear.heard.count([HINT]) == 50
        finally:
            server.thaw()
        await end.hears()


async def test_listener_hears_again_when_its_connection_was_closed_under_the_client(
    server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    ping = PubSub.ping

    async def closed(*_: object) -> bool:
        """As a write on uvloop's closed transport."""
        monkeypatch.setattr(PubSub, "ping", ping)
        raise RuntimeError("the handler is closed")

    async with redis_end(server.url) as end:
        monkeypatch.setattr(PubSub, "ping", closed)

        await until(lambda: end.log.lines("streams.redis_back"), seconds=15)
        await end.hears()


async def refuse(*_: object) -> None:
    """As a server does that one process cannot reach."""
    raise ConnectionError("planted")


async def test_others_look_when_hints_could_not_be_published_and_they_heard_all_the_while(
    server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with redis_end(server.url) as end, redis_end(server.url) as other:
        ear = Ear()
        other.hints.listen(ear)
        with monkeypatch.context() as broken:
            broken.setattr(end.channel._link, "call", refuse)
            await end.hints.publish([HINT, HINT])
            await until(lambda: end.metrics.count("stream_hints_lost_total") == 2)
            assert ear.heard == []

        await until(lambda: ear.heard == [None])


async def test_what_waits_is_one_look_when_it_is_too_much(server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hint_outbox, "MOST_HINTS", 10)
    async with redis_end(server.url) as end, redis_end(server.url) as other:
        ear = Ear()
        other.hints.listen(ear)

        end.channel.post([HINT] * 11)

        await until(lambda: ear.heard == [None])
        assert end.metrics.count("stream_hints_lost_total") == 11


async def test_process_starts_and_hears_later_when_the_server_is_away() -> None:
    server = RedisServer()
    try:
        async with redis_end(server.url, hears=False) as end:
            await end.hints.publish([HINT])
            try:
                await server.start()
            except NoRedis as error:
                pytest.skip(str(error))
            await end.hears()
    finally:
        server.end()


async def test_listener_looks_when_something_foreign_is_published(server: RedisServer) -> None:
    async with redis_end(server.url) as end, client(server.url) as redis:
        ear = Ear()
        end.hints.listen(ear)

        await redis.publish("app:hints", b"\xc1 nothing of ours")

        await until(lambda: ear.heard == [None])
        assert len(end.log.lines("streams.hint_unreadable")) == 1


@pytest.mark.parametrize("data", [b"", b"\x93\x02\xa1a\xc0", b"{}", packed("me", [HINT])[:-1]])
def test_message_is_refused_when_it_is_none_of_this_version(data: bytes) -> None:
    with pytest.raises(Unreadable):
        unpacked(data)


def test_hints_are_the_same_when_they_were_packed() -> None:
    assert unpacked(packed("me", [HINT])) == ("me", [HINT])
    assert unpacked(packed("me", None)) == ("me", None)
