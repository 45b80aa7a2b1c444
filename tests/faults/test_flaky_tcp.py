"""The bad line itself."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.e2e.processes import eventually
from tests.faults.flaky_tcp import (
    Blackhole,
    CutAfter,
    FlakyTcp,
    HalfClose,
    Latency,
    Mode,
    Pass,
    Refuse,
    Reset,
    Throttle,
)

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Echo:
    """Sends back what it hears, and keeps it."""

    def __init__(self) -> None:
        self.heard = b""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65_536):
                self.heard += data
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()

    async def all_heard(self) -> bytes:
        return self.heard


@asynccontextmanager
async def line_to_echo(mode: Mode | None = None) -> AsyncIterator[tuple[FlakyTcp, Echo]]:
    echo = Echo()
    server = await asyncio.start_server(echo.serve, "127.0.0.1", 0)
    async with server, FlakyTcp("127.0.0.1", server.sockets[0].getsockname()[1], mode) as line:
        yield line, echo


@asynccontextmanager
async def connected(line: FlakyTcp) -> AsyncIterator[Streams]:
    reader, writer = await asyncio.open_connection("127.0.0.1", line.port)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()
        await asyncio.sleep(0)


async def ask(streams: Streams, text: bytes) -> bytes:
    reader, writer = streams
    writer.write(text)
    await writer.drain()
    return await asyncio.wait_for(reader.readexactly(len(text)), 5)


async def exchange(line: FlakyTcp, text: bytes) -> bytes:
    async with connected(line) as streams:
        return await ask(streams, text)


async def nothing_comes(reader: asyncio.StreamReader, seconds: float = 0.15) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(seconds):
            await reader.read(1)


async def test_everything_arrives_unchanged_when_it_passes() -> None:
    text = bytes(range(256)) * 1_000
    async with line_to_echo() as (line, echo), connected(line) as streams:
        assert await ask(streams, text) == text
        streams[1].write_eof()
        assert await streams[0].read() == b""
    assert echo.heard == text
    assert line.connections == 1


async def test_nobody_listens_and_open_connections_end_when_it_refuses() -> None:
    async with line_to_echo() as (line, _), connected(line) as streams:
        await ask(streams, b"before")
        await line.become(Refuse())

        assert await asyncio.wait_for(streams[0].read(), 5) == b""
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", line.port)


async def test_the_same_port_answers_again_when_it_passes_after_refusing() -> None:
    async with line_to_echo(Refuse()) as (line, _):
        await line.become(Pass())
        async with connected(line) as streams:
            assert await ask(streams, b"back") == b"back"


async def test_connections_open_but_stay_silent_until_it_passes_when_it_is_a_black_hole() -> None:
    async with line_to_echo(Blackhole()) as (line, echo), connected(line) as streams:
        streams[1].write(b"late")
        await nothing_comes(streams[0])
        assert echo.heard == b""

        await line.become(Pass())
        assert await asyncio.wait_for(streams[0].readexactly(4), 5) == b"late"


async def test_an_open_connection_falls_silent_when_the_line_becomes_a_black_hole() -> None:
    async with line_to_echo() as (line, _), connected(line) as streams:
        await ask(streams, b"heard")
        await line.become(Blackhole())
        streams[1].write(b"unheard")
        await nothing_comes(streams[0])


async def test_every_piece_is_late_when_there_is_latency() -> None:
    async with line_to_echo(Latency(0.1, jitter=0.02)) as (line, _), connected(line) as streams:
        began = time.monotonic()
        await ask(streams, b"ping")
        assert 0.16 <= time.monotonic() - began < 1.5


async def test_bytes_come_at_the_rate_of_the_line_when_it_is_throttled() -> None:
    async with line_to_echo(Throttle(20_000)) as (line, _), connected(line) as streams:
        began = time.monotonic()
        await ask(streams, b"x" * 8_000)
        assert 0.35 <= time.monotonic() - began < 3


async def test_a_connection_ends_in_the_middle_when_it_is_cut_after_some_bytes() -> None:
    async with line_to_echo(CutAfter(5)) as (line, _):
        for _again in range(2):
            async with connected(line) as streams:
                streams[1].write(b"0123456789")
                assert await asyncio.wait_for(streams[0].read(), 5) == b"01234"


async def test_open_and_new_connections_are_reset_when_it_resets() -> None:
    async with line_to_echo() as (line, _), connected(line) as streams:
        await ask(streams, b"before")
        await line.become(Reset())
        with pytest.raises(ConnectionResetError):
            await asyncio.wait_for(streams[0].read(), 5)
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await exchange(line, b"after")


async def test_what_the_client_sends_still_arrives_when_the_line_is_half_closed() -> None:
    async with line_to_echo() as (line, echo), connected(line) as streams:
        await ask(streams, b"both ways")
        await line.become(HalfClose())
        assert await asyncio.wait_for(streams[0].read(), 5) == b""

        streams[1].write(b", one way")
        await streams[1].drain()
        await eventually(echo.all_heard, lambda heard: heard == b"both ways, one way", 5)


async def test_the_connection_ends_when_the_target_is_gone() -> None:
    async with FlakyTcp("127.0.0.1", 1) as line:
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await exchange(line, b"anybody there?")
