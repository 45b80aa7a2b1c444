"""What a client at the other end of a real socket gets to see (B-07, B-10, B-11, B-12)."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import pytest
import uvicorn
from msgspec.json import decode
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from app.bootstrap import bounded_head
from app.bootstrap.bounded_head import BoundedHeadProtocol
from app.http.middleware import body_limit
from tests.e2e.http.conftest import OURS, start

LIMIT = 65_536
HEAD = f"POST /api/v1/notifications HTTP/1.1\r\nHost: localhost\r\nAuthorization: ApiKey {OURS.text}\r\n"
KIND = "Content-Type: application/json\r\n"
BODY = b'{"to":["ada"],"content":{"title":"x"}}'


class ReadyServer(uvicorn.Server):
    """Says when its socket is open, and leaves signals alone."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    async def startup(self, sockets: Any = None) -> None:  # Any: the parent's own type
        await super().startup(sockets)
        self.ready.set()

    @property
    def port(self) -> int:
        return int(self.servers[0].sockets[0].getsockname()[1])


@pytest.fixture
async def port(tmp_path: Path) -> AsyncIterator[int]:
    carillon = await start(tmp_path, MAX_BODY_SIZE=str(LIMIT))
    app = cast("Any", carillon.app)  # Any: uvicorn and Litestar have different words for ASGI
    config = uvicorn.Config(
        app, host="127.0.0.1", port=0, http=BoundedHeadProtocol, log_config=None, lifespan="off", ws="none"
    )
    server = ReadyServer(config)
    serving = asyncio.create_task(server._serve())
    await server.ready.wait()
    yield server.port
    server.should_exit = True
    await serving


class Connection:
    """One connection, byte by byte."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def to(cls, port: int) -> "Connection":
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def write(self, *parts: str | bytes) -> None:
        for part in parts:
            self._writer.write(part.encode() if isinstance(part, str) else part)
        await self._writer.drain()

    async def answer(self) -> tuple[int, dict[str, str], Any]:  # Any: JSON of whatever shape was answered
        status, headers = await self.head()
        async with asyncio.timeout(10):
            body = await self._reader.readexactly(int(headers.get("content-length", "0")))
        return status, headers, decode(body)

    async def head(self) -> tuple[int, dict[str, str]]:
        async with asyncio.timeout(10):
            head = (await self._reader.readuntil(b"\r\n\r\n")).decode()
        status, *lines = head.strip().split("\r\n")
        return int(status.split()[1]), {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}

    async def status(self) -> int:
        """Of an answer that may be the server's own, and no JSON."""
        async with asyncio.timeout(10):
            head = await self._reader.readuntil(b"\r\n\r\n")
            await self._reader.read()
        return int(head.split()[1])

    async def closed(self) -> bool:
        """A reset is fine by now: the answer was read."""
        async with asyncio.timeout(10):
            with suppress(ConnectionResetError):
                return await self._reader.read(1) == b""
        return True

    async def close(self) -> None:
        self._writer.close()
        with suppress(ConnectionError):
            await self._writer.wait_closed()


@pytest.fixture
async def connection(port: int) -> AsyncIterator[Connection]:
    connection = await Connection.to(port)
    yield connection
    await connection.close()


async def test_uses_a_connection_again_when_a_request_was_refused(connection: Connection) -> None:
    for body, status in ((b"{", 400), (b'{"to":3}', 422), (BODY, 202)):
        await connection.write(HEAD, KIND, f"Content-Length: {len(body)}\r\n\r\n", body)
        assert (await connection.answer())[0] == status


@pytest.mark.parametrize("factor", [1.001, 10, 100])
async def test_b07_lets_the_client_read_why_when_its_body_is_too_large(connection: Connection, factor: float) -> None:
    size = int(LIMIT * factor)

    await connection.write(HEAD, KIND, f"Content-Length: {size}\r\n\r\n")
    await connection.write(b" " * size)
    status, headers, problem = await connection.answer()

    assert (status, problem["code"], headers["connection"]) == (413, "request.too_large", "close")
    assert await connection.closed()


async def test_b07_lets_the_client_read_why_when_its_chunks_never_end(connection: Connection) -> None:
    await connection.write(HEAD, KIND, "Transfer-Encoding: chunked\r\n\r\n")

    async def endless() -> None:
        with suppress(ConnectionError):
            while True:
                await connection.write(b"1000\r\n", b" " * 0x1000, b"\r\n")

    sending = asyncio.create_task(endless())
    status, headers, problem = await connection.answer()

    assert (status, problem["code"], headers["connection"]) == (413, "request.too_large", "close")
    assert await connection.closed()
    sending.cancel()
    await asyncio.wait([sending])


async def test_b07_asks_for_no_body_when_its_length_is_announced_first(connection: Connection) -> None:
    await connection.write(HEAD, KIND, f"Content-Length: {LIMIT * 2}\r\nExpect: 100-continue\r\n\r\n")

    assert (await connection.answer())[0] == 413


async def test_b07_takes_no_surplus_for_a_request_when_more_comes_than_announced(
    connection: Connection,
) -> None:
    await connection.write(HEAD, KIND, f"Content-Length: {len(BODY)}\r\n\r\n", BODY, b"surplus\r\n\r\n")

    assert await connection.status() == 202
    assert await connection.closed()


async def test_b10_answers_408_when_a_body_stops_coming(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Impatient(body_limit._Body):
        def __init__(self, receive: Any, send: Any, most_bytes: int, _seconds: float) -> None:
            super().__init__(receive, send, most_bytes, 0.2)

    monkeypatch.setattr(body_limit, "_Body", Impatient)
    await connection.write(HEAD, KIND, "Content-Length: 100\r\n\r\n", b'{"to":')
    status, headers, problem = await connection.answer()

    assert (status, problem["code"], headers["connection"]) == (408, "request.too_slow", "close")
    assert await connection.closed()


async def test_b11_answers_431_and_414_when_head_or_address_are_too_large(port: int) -> None:
    for head, status in (
        (f"GET /health/live HTTP/1.1\r\nHost: localhost\r\nCookie: {'c' * 100_000}\r\n\r\n", 431),
        (f"GET /{'p' * 60_000} HTTP/1.1\r\nHost: localhost\r\n\r\n", 414),
    ):
        connection = await Connection.to(port)
        try:
            await connection.write(head)
            assert (await connection.answer())[0] == status
        finally:
            await connection.close()


MEGABYTE = 1_048_576
HUGE = {
    "one header of a megabyte": (
        f"GET /health/live HTTP/1.1\r\nHost: localhost\r\nX-Any: {'x' * MEGABYTE}\r\n\r\n",
        431,
    ),
    "ten thousand headers": ("GET /health/live HTTP/1.1\r\n" + "X-Any: 0123456789\r\n" * 10_000 + "\r\n", 431),
    "an address of a megabyte": (f"GET /{'p' * MEGABYTE} HTTP/1.1\r\nHost: localhost\r\n\r\n", 414),
    "an address of 100 kB": (f"GET /{'p' * 100_000} HTTP/1.1\r\nHost: localhost\r\n\r\n", 414),
    "a query of a megabyte": (f"GET /health/live?{'q' * MEGABYTE} HTTP/1.1\r\nHost: localhost\r\n\r\n", 414),
}


@pytest.mark.parametrize("after_another", [False, True], ids=["first", "second"])
@pytest.mark.parametrize("case", HUGE)
async def test_b11_lets_the_client_read_why_when_its_head_is_a_megabyte(
    connection: Connection, case: str, after_another: bool
) -> None:
    head, expected = HUGE[case]
    if after_another:
        await connection.write(HEAD, KIND, f"Content-Length: {len(BODY)}\r\n\r\n", BODY)
        assert (await connection.answer())[0] == 202

    with suppress(ConnectionError):
        await connection.write(head)
    status, headers, problem = await connection.answer()

    assert (status, problem["status"], headers["content-type"]) == (expected, expected, "application/problem+json")


@pytest.mark.parametrize("start", ["GET /health/live HTTP/1.1\r\nX-Any: ", "GET /"], ids=["header", "address"])
async def test_b11_ends_the_connection_when_a_head_never_ends(connection: Connection, start: str) -> None:
    async def endless() -> None:
        with suppress(ConnectionError):
            await connection.write(start)
            for _ in range(1_000):
                await connection.write(b"x" * 65_536)

    sending = asyncio.create_task(endless())
    status, headers, _ = await connection.answer()

    assert (status in (414, 431), headers["connection"]) == (True, "close")
    assert await connection.closed()
    await sending


async def test_b10_answers_408_when_a_head_stops_coming(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    await connection.write(HEAD, KIND, f"Content-Length: {len(BODY)}\r\n\r\n", BODY)
    assert (await connection.answer())[0] == 202

    monkeypatch.setattr(bounded_head, "HEAD_SECONDS", 0.1)
    await connection.write("GET /health/live HTTP/1.1\r\nHost: local")
    status, headers, problem = await connection.answer()

    assert (status, problem["code"], headers["connection"]) == (408, "request.too_slow", "close")
    assert await connection.closed()


async def test_b10_ends_a_connection_when_nothing_ever_comes(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded_head, "HEAD_SECONDS", 0.2)
    silent = await Connection.to(port)

    assert await silent.closed()
    await silent.close()


async def test_b10_ends_a_connection_when_the_rest_of_a_refused_body_trickles_in(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounded_head, "REST_SECONDS", 0.2)
    await connection.write("POST /api/v1/notifications HTTP/1.1\r\nHost: local\r\nContent-Length: 100\r\n\r\n", "{")
    assert (await connection.answer())[0] == 401

    await connection.write(" ")
    assert await connection.closed()


async def test_uses_a_connection_again_when_only_the_head_was_asked_for(connection: Connection) -> None:
    await connection.write("HEAD /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n")
    status, headers = await connection.head()
    await connection.write("GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n")
    again, answered, _ = await connection.answer()

    assert (status, again) == (200, 200)
    assert headers["content-length"] == answered["content-length"] != "0"


async def test_answers_in_the_words_of_the_contract_when_it_is_no_http(connection: Connection) -> None:
    await connection.write("GET / SMTP/1.0\r\n\r\n")
    status, headers, problem = await connection.answer()

    assert (status, problem["code"], headers["connection"]) == (400, "request.malformed", "close")
    assert await connection.closed()


async def test_reads_an_id_when_its_slash_is_encoded(connection: Connection) -> None:
    put = HEAD.replace("POST /api/v1/notifications", "PUT /api/v1/subscribers/team%2Fada")
    get = HEAD.replace("POST /api/v1/notifications", "GET /api/v1/subscribers/team%2fada")

    await connection.write(put, KIND, "Content-Length: 2\r\n\r\n{}")
    made = await connection.answer()
    await connection.write(get, "\r\n")
    read = await connection.answer()

    assert (made[0], read[0]) == (201, 200)
    assert read[2]["data"]["subscriberId"] == "team/ada"


async def test_a_connection_shares_its_names_with_all_others() -> None:
    """Beyond thirty attributes each would have a dictionary of its own, 1.3 kB larger."""
    app = cast("Any", object())  # Any: it is never asked
    config = uvicorn.Config(app, http=BoundedHeadProtocol, log_config=None, lifespan="off", ws="none")
    ours, parents = (kind(config, ServerState(), {}) for kind in (BoundedHeadProtocol, HttpToolsProtocol))
    ours.on_message_begin()
    parents.on_message_begin()

    assert sys.getsizeof(vars(ours)) == sys.getsizeof(vars(parents))
