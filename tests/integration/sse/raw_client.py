"""A browser's part of a stream, on a bare socket."""

import asyncio
import contextlib
import json
import socket
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from tests.unit.streams.event_text import Event, EventParser

STREAM = "/sse/notifications"
LINGER_0 = struct.pack("ii", 1, 0)


class RawClient:
    """Sends one request; reads the answer as it comes, unless told to stop."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.status = 0
        self.headers: dict[str, str] = {}
        self.parser = EventParser()
        self.ended = False
        self.body = b""
        self._reading: list[asyncio.Task[None]] = []
        self._reader: asyncio.StreamReader
        self._writer: asyncio.StreamWriter

    @property
    def events(self) -> list[Event]:
        return self.parser.events

    @property
    def names(self) -> list[str]:
        return [event.name for event in self.events]

    @property
    def places(self) -> list[str]:
        """The ids of logged updates, in order."""
        return [event.last_id for event in self.events if event.name.startswith("notification")]

    async def request(
        self, target: str, *, method: str = "GET", token: str | None = "ann", small: bool = False, **headers: str
    ) -> "RawClient":
        """`small`: with as little room for what it does not read as the kernel allows."""
        connection = socket.create_connection(("127.0.0.1", self.port))
        if small:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.setblocking(False)
        self._reader, self._writer = await asyncio.open_connection(sock=connection, limit=4096 if small else 65536)
        lines = [f"{method} {target} HTTP/1.1", "Host: localhost"]
        if token is not None:
            lines.append(f"Authorization: Bearer {token}")
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        if method == "POST":
            lines.append("Content-Length: 0")
        self._writer.write("\r\n".join([*lines, "", ""]).encode("latin-1"))
        return self

    async def head(self) -> "RawClient":
        """Read up to the body."""
        text = (await asyncio.wait_for(self._reader.readuntil(b"\r\n\r\n"), 10)).decode("latin-1")
        status, *lines = text.strip().split("\r\n")
        self.status = int(status.split()[1])
        self.headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        return self

    async def json(self) -> Any:  # Any: whatever the answer holds
        self.body = await self._reader.readexactly(int(self.headers["content-length"]))
        return json.loads(self.body)

    async def read(self, until: Callable[[], object] = lambda: False) -> None:
        """Read chunks until the condition holds or the body ends."""
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while not until():
                size = int(await self._reader.readline() or b"-1", 16)
                if size <= 0:
                    self.ended = size == 0
                    return
                self.parser.feed((await self._reader.readexactly(size + 2))[:-2])

    def read_in_background(self) -> "asyncio.Task[None]":
        self._reading.append(asyncio.create_task(self.read()))
        return self._reading[-1]

    def close(self) -> None:
        self._writer.close()

    async def leave(self) -> None:
        """Close, and read on until nobody does any more."""
        self.close()
        with contextlib.suppress(ConnectionError):
            await self._writer.wait_closed()
        await asyncio.gather(*self._reading)

    def reset(self) -> None:
        """Close with RST, as a device that is switched off."""
        self._writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_0)
        self._writer.transport.abort()


class Browser:
    """Makes clients, and closes them all in the end."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.clients: list[RawClient] = []

    async def send(self, target: str = STREAM, **request: Any) -> RawClient:  # Any: see `RawClient.request`
        """A client that has sent its request."""
        client = RawClient(self._port)
        self.clients.append(client)
        return await client.request(target, **request)

    async def ask(self, target: str = STREAM, **request: Any) -> RawClient:  # Any: see above
        """A client that has read the head of its answer."""
        return await (await self.send(target, **request)).head()

    async def follow(self, target: str = STREAM, **request: Any) -> RawClient:  # Any: see above
        """A client whose stream is live."""
        client = await self.ask(target, **request)
        assert client.status == 200, client.status
        async with asyncio.timeout(10):
            await client.read(lambda: "unread_count_changed" in client.names)
        return client


@asynccontextmanager
async def browsing(port: int) -> AsyncIterator[Browser]:
    browser = Browser(port)
    try:
        yield browser
    finally:
        for client in browser.clients:
            await client.leave()
