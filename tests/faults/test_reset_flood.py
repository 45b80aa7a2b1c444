"""F-10: thousands of clients ask for a stream and reset their connection; some before they have asked."""

import asyncio
import random
import socket
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from tests.e2e.processes import eventually, free_port
from tests.faults.chaos import API_KEY, Part
from tests.faults.crowd import crowd
from tests.faults.on_redis import redis_scene
from tests.faults.pool_watch import in_use
from tests.faults.scene import WITH_FAULTS, Scene
from tests.faults.scrape import Scrape, scraping
from tests.faults.vitals import TELL_SECONDS, open_files, told
from tests.integration.sse.raw_client import LINGER_0, STREAM

# As many of each as it may have open, so that one that is leaked keeps the next one out.
SUBSCRIBERS = 200
EACH = 10
POST = "POST /api/v1/notifications HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json"
# Half a head, and a head whose body never comes.
INCOMPLETE = [POST.encode(), f"{POST}\r\nAuthorization: ApiKey {API_KEY}\r\nContent-Length: 99\r\n\r\n".encode()] * 100
TOGETHER = 100
# A third is gone in the moment of asking, the others at any time until all streams are open.
LONGEST_STAY = 1.0
EMPTY_SECONDS = 5.0
LONGEST_SECONDS = 60.0
# When no stream was opened for so long, nobody waits for one.
QUIET_SECONDS = 1.0
# The connections of a pool are looked at each five seconds.
LOOK_AGAIN_SECONDS = 15.0
OPEN_SECONDS = 30.0
# Connections of the pool that were not open before, and what runs for a moment now and then.
COME_AND_GO = 5


@pytest.mark.service
@pytest.mark.nightly
async def test_f10_nothing_is_left_when_thousands_reset_their_connections(tmp_path: Path) -> None:
    async with redis_scene(tmp_path) as stage:
        await stage.chaos.start("serve")
        await stage.prepare(SUBSCRIBERS)
        server = await _followed(stage, port := free_port())
        tokens = [await stage.producer.token(name) for name in stage.subscribers] * EACH
        async with scraping(port) as scrape:
            await _all_served(port, tokens[:TOGETHER])
            await _all_gone(scrape)
            # What tasks there are is told now and then.
            await asyncio.sleep(2 * TELL_SECONDS)
            before = _vitals(stage, server)
            opened = await scrape.value("stream_connections_opened_total")
            await asyncio.gather(*(_flood(port, each) for each in ([*map(_asking, tokens)], INCOMPLETE)))
            seconds = await _all_gone(scrape)
            opened = await scrape.value("stream_connections_opened_total") - opened
            after = await _settled(stage, server, before)
            await eventually(lambda: in_use(f"http://127.0.0.1:{port}"), _idle, LOOK_AGAIN_SECONDS)
            await _all_served(port, tokens)
    sys.stdout.write(f"figures {opened:.0f} of {len(tokens)} streams were opened, all gone after {seconds:.1f} s\n")
    sys.stdout.write(f"figures before {before}, after {after}\n")
    assert seconds <= EMPTY_SECONDS
    # Else they were gone before anybody had looked at what they asked for.
    assert opened > len(tokens) / 4


async def _followed(stage: Scene, port: int) -> Part:
    tasks = str(stage.folder / "followed.tasks")
    return await stage.chaos.start("serve", "--tasks", tasks, name="followed", module=WITH_FAULTS, port=port)


def _asking(token: str) -> bytes:
    return f"GET {STREAM} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n".encode()


async def _flood(port: int, requests: Sequence[bytes]) -> None:
    """All of them are connected, and ask at the same time; a third is gone in the moment of asking."""
    clients = []
    for first in range(0, len(requests), TOGETHER):
        clients += await asyncio.gather(*(_connected(port) for _ in requests[first : first + TOGETHER]))
    for client, request in zip(clients, requests, strict=True):
        client.send(request)
    stays = sorted(random.uniform(-LONGEST_STAY / 2, LONGEST_STAY) for _ in clients)  # noqa: S311 - moments, no keys
    began = time.monotonic()
    for client, stay in zip(clients, stays, strict=True):
        await asyncio.sleep(max(0.0, began + stay - time.monotonic()))
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_0)
        client.close()


async def _connected(port: int) -> socket.socket:
    client = socket.socket()
    client.setblocking(False)
    await asyncio.get_running_loop().sock_connect(client, ("127.0.0.1", port))
    return client


async def _all_gone(scrape: Scrape) -> float:
    """After how many seconds no stream was open and none was being asked for any more: the server opens the streams of
    those who have gone already, too, one after the other.
    """
    began = time.monotonic()
    opened, seen, took = -1.0, 0.0, 0.0
    while opened != seen or await scrape.value("stream_connections"):
        assert took < LONGEST_SECONDS, "streams stay open"
        opened, took = seen, time.monotonic() - began
        await asyncio.sleep(QUIET_SECONDS)
        seen = await scrape.value("stream_connections_opened_total")
    return took


async def _all_served(port: int, tokens: Sequence[str]) -> None:
    async with crowd(port, tokens) as browsers:
        await browsers.all_open(OPEN_SECONDS)
        assert browsers.refused == []


def _vitals(stage: Scene, server: Part) -> dict[str, float]:
    return {"files": open_files(server.pid), "tasks": told(stage.folder / "followed.tasks")(server.pid)}


async def _settled(stage: Scene, server: Part, before: Mapping[str, float]) -> Mapping[str, float]:
    """What it has once it has no more than before."""

    async def look() -> Mapping[str, float]:
        return _vitals(stage, server)

    def as_before(now: Mapping[str, float]) -> bool:
        return all(now[name] <= before[name] + COME_AND_GO for name in before)

    return await eventually(look, as_before, EMPTY_SECONDS)


def _idle(pools: Mapping[str, float]) -> bool:
    return not any(pools.values())
