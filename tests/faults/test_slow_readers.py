"""F-09: a quarter of all clients stop reading, and nobody else notices."""

import asyncio
import fcntl
import socket
import struct
import sys
import termios
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import pytest

from tests.bench.followers import Followers
from tests.e2e.processes import eventually, free_port
from tests.faults.caller import NOTIFICATIONS, Caller, callers
from tests.faults.chaos import Part
from tests.faults.on_redis import redis_scene
from tests.faults.producer import ACCEPTED
from tests.faults.scene import WITH_FAULTS, Scene
from tests.faults.scrape import Scrape, scraping
from tests.faults.vitals import MEBIBYTE, Series, resident, told
from tests.integration.sse.raw_client import STREAM

SUBSCRIBERS = 4
READING = 150
STALLED = 50
INTERVAL = 0.1
BACKENDS = 4
# Two events fill what the kernel keeps for a client with little room, some more what the server keeps before it waits.
BODY = "x" * 8_000
SMALL_ROOM = 4_096
# As on a network: the packets of this machine's own are so large that megabytes wait for each socket.
SEGMENT = 1_400
OPENED_BY = b"unread_count_changed"
DROPPED_SECONDS = 15.0
SLOWER = 1.5
GROWTH = 64 * MEBIBYTE
LEFT_SECONDS = 10.0
LOOK_SECONDS = 0.25
# Who has taken nothing for so long while events go on has no room left.
FULL_SECONDS = 1.0
COME_AND_GO = 5
ENVIRONMENT = {"SSE_MAX_PER_SUBSCRIBER": "0"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How long, in pairs of phases without and with clients that do not read; so steady a machine is in no other way.

    Each phase has to be long enough to see some clients dropped.
    """

    seconds: float
    pairs: int

    @property
    def phase(self) -> float:
        """Seconds of one phase."""
        return self.seconds / self.pairs / 2


FULL = Size(seconds=300.0, pairs=5)


@dataclass(slots=True)
class Seen:
    """What came of the phases. `dropped` holds for each wave of stalled clients how many seconds after the first of
    them was full the last one was gone; a phase is from when to when it lasted.
    """

    calm: list[tuple[float, float]] = field(default_factory=list)
    stalled: list[tuple[float, float]] = field(default_factory=list)
    dropped: list[float] = field(default_factory=list)
    memory: Series = field(default_factory=Series)


@pytest.mark.service
@pytest.mark.nightly
@pytest.mark.parametrize("size", [FULL], ids=["full"])
async def test_f09_others_flow_when_clients_stop_reading(tmp_path: Path, size: Size) -> None:
    seen = Seen()
    async with redis_scene(tmp_path, ENVIRONMENT) as stage:
        await stage.chaos.start("serve")
        await stage.prepare(SUBSCRIBERS)
        server = await _followed(stage, port := free_port())
        requests = [_asking(await stage.producer.token(name)) for name in stage.subscribers]
        async with scraping(port) as scrape:
            await eventually(lambda: scrape.value("stream_connections"), lambda number: number == 0)
            tasks = told(stage.folder / "followed.tasks")
            base = tasks(server.pid)
            async with Followers(port, [requests[each % SUBSCRIBERS] for each in range(READING)], OPENED_BY) as others:
                async with _publishing(stage) as sent, asyncio.TaskGroup() as group:
                    looking = group.create_task(_look(server, seen.memory))
                    await _take_turns(port, requests, scrape, size, seen)
                    looking.cancel()
                await eventually(lambda: _missing(others, sent), lambda number: number == 0)
                assert others.problems == []
            await eventually(lambda: scrape.value("stream_connections"), lambda number: number == 0, LEFT_SECONDS)
            left = await eventually(
                lambda: _now(tasks, server), lambda number: number <= base + COME_AND_GO, LEFT_SECONDS
            )
            slow = await scrape.value("stream_connections_ended_total", reason="slow")
    calm, stalled = _p95(others, seen.calm), _p95(others, seen.stalled)
    growth = max(seen.memory.values) - seen.memory.values[0]
    pairs = [
        f"{_p95(others, [one]) * 1e3:.1f}/{_p95(others, [two]) * 1e3:.1f}"
        for one, two in zip(seen.calm, seen.stalled, strict=True)
    ]
    sys.stdout.write(f"figures {sent[0]} events, {len(others.received)} read; p95 in ms of each pair {pairs}\n")
    sys.stdout.write(f"figures p95 {calm * 1e3:.1f} ms without, {stalled * 1e3:.1f} ms with: {stalled / calm:.2f}\n")
    waves = [round(seconds, 1) for seconds in seen.dropped]
    sys.stdout.write(f"figures {slow:.0f} dropped, the last of each wave after {waves} s\n")
    sys.stdout.write(f"figures memory grew by {growth / MEBIBYTE:.1f} MiB, tasks {base:.0f} to {left:.0f}\n")
    assert max(seen.dropped) <= DROPPED_SECONDS
    assert slow >= STALLED * len(seen.dropped) >= STALLED * size.pairs
    assert stalled <= SLOWER * calm
    assert growth < GROWTH


async def _followed(stage: Scene, port: int) -> Part:
    tasks = str(stage.folder / "followed.tasks")
    return await stage.chaos.start("serve", "--tasks", tasks, name="followed", module=WITH_FAULTS, port=port)


def _asking(token: str) -> bytes:
    return f"GET {STREAM} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n".encode()


@asynccontextmanager
async def _publishing(stage: Scene) -> AsyncIterator[list[int]]:
    """Ten times a second to everybody; the block is given how many there were so far, as the only item."""
    done, sent = asyncio.Event(), [0]

    async def publish(backend: Caller, first: int) -> None:
        for number in count(first, BACKENDS):
            await asyncio.sleep(max(0.0, began + number * INTERVAL - time.perf_counter()))
            if done.is_set():
                return
            reply = await backend.ask("POST", NOTIFICATIONS, _message(stage.subscribers))
            assert reply.status == ACCEPTED
            sent[0] += 1

    async with callers(stage.chaos.port, BACKENDS) as backends, asyncio.TaskGroup() as group:
        began = time.perf_counter()
        for first, backend in enumerate(backends):
            group.create_task(publish(backend, first))
        try:
            yield sent
        finally:
            done.set()


def _message(readers: Sequence[str]) -> Mapping[str, object]:
    """The title tells when it was made, as `Followers` want it."""
    content = {"title": f"#{time.perf_counter_ns()}", "body": BODY}
    return {"to": list(readers), "channels": ["in_app"], "content": content}


async def _look(server: Part, memory: Series) -> None:
    while True:
        memory.add(time.perf_counter(), resident(server.pid))
        await asyncio.sleep(LOOK_SECONDS)


async def _take_turns(port: int, requests: Sequence[bytes], scrape: Scrape, size: Size, seen: Seen) -> None:
    for _ in range(size.pairs):
        began = time.perf_counter()
        await asyncio.sleep(size.phase)
        seen.calm.append((began, began := time.perf_counter()))
        while time.perf_counter() < began + size.phase:
            seen.dropped.append(await _wave(port, requests, scrape))
        seen.stalled.append((began, time.perf_counter()))


async def _wave(port: int, requests: Sequence[bytes], scrape: Scrape) -> float:
    """Clients that ask and never read; how long after the first of them was full all of them had been dropped."""

    async def dropped() -> float:
        return await scrape.value("stream_connections_ended_total", reason="slow")

    before = await dropped()
    clients = [_stalling(port, requests[number % SUBSCRIBERS]) for number in range(STALLED)]
    try:
        full = await _first_full(clients)
        await eventually(dropped, lambda number: number == before + STALLED, DROPPED_SECONDS + LEFT_SECONDS)
        return time.perf_counter() - full
    finally:
        for client in clients:
            client.close()


def _stalling(port: int, request: bytes) -> socket.socket:
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_ROOM)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, SEGMENT)
    client.connect(("127.0.0.1", port))
    client.send(request)
    return client


async def _first_full(clients: Sequence[socket.socket]) -> float:
    """When nothing more came to the first of them for a while: the moment since which."""
    began = time.perf_counter()
    unread, since = [0] * len(clients), [began] * len(clients)
    while not any(size and time.perf_counter() - at > FULL_SECONDS for size, at in zip(unread, since, strict=True)):
        assert time.perf_counter() < began + DROPPED_SECONDS, "none has become full"
        await asyncio.sleep(INTERVAL)
        for number, client in enumerate(clients):
            if (size := _unread(client)) != unread[number]:
                unread[number], since[number] = size, time.perf_counter()
    return min(at for size, at in zip(unread, since, strict=True) if size)


def _unread(client: socket.socket) -> int:
    return int(struct.unpack("i", fcntl.ioctl(client, termios.FIONREAD, bytes(4)))[0])


async def _missing(others: Followers, sent: Sequence[int]) -> int:
    return sent[0] * READING - len(others.received)


async def _now(tasks: Callable[[int], float], server: Part) -> float:
    return tasks(server.pid)


def _p95(others: Followers, phases: Sequence[tuple[float, float]]) -> float:
    """In seconds, from the request to the reader, of what was made in these phases."""
    waits = sorted(
        at - made / 1e9 for made, at in others.received if any(begin <= made / 1e9 < end for begin, end in phases)
    )
    return waits[len(waits) * 95 // 100]
