"""Backends on bare sockets: cheap enough to be hundreds at once, and rude enough to leave in the middle."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from tests.faults.chaos import API_KEY
from tests.faults.producer import Reply

NOTIFICATIONS = "/api/v1/notifications"


class Caller:
    """One connection that is kept; one request at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    def send(self, method: str, path: str, body: Mapping[str, Any] | None = None, **headers: str) -> None:
        """The whole request, with a backend's key unless `headers` name another; nobody need wait for the answer."""
        content = b"" if body is None else json.dumps(body).encode()
        told = {"Host": "localhost", "Authorization": f"ApiKey {API_KEY}", **headers}
        if content:
            told |= {"Content-Type": "application/json", "Content-Length": str(len(content))}
        lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in told.items())
        self._writer.write(f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode("latin-1") + content)

    async def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None, **headers: str) -> Reply:
        """A request and what came of it, once all of it is there."""
        began = time.monotonic()
        self.send(method, path, body, **headers)
        first, *lines = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").strip().split("\r\n")
        told = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        await self._reader.readexactly(int(told.get("content-length", "0")))
        now = time.monotonic()
        return Reply(at=now, seconds=now - began, status=int(first.split()[1]), retry_after=told.get("retry-after"))

    async def notify(self, reader: str, channel: str = "in_app") -> Reply:
        """Ask for one notification to one subscriber."""
        return await self.ask("POST", NOTIFICATIONS, message(reader, channel))

    def leave(self) -> None:
        """Hang up, whatever is still to come."""
        self._writer.transport.abort()


def message(reader: str, channel: str = "in_app") -> dict[str, Any]:
    """One notification to one subscriber."""
    return {"to": [reader], "channels": [channel], "content": {"title": "Fault"}}


async def connected(port: int) -> Caller:
    """A connection to this machine."""
    return Caller(*await asyncio.open_connection("127.0.0.1", port))


@asynccontextmanager
async def callers(port: int, number: int) -> AsyncIterator[Sequence[Caller]]:
    """So many connections, open already; they are gone after the block."""
    opened = [await connected(port) for _ in range(number)]
    try:
        yield opened
    finally:
        for caller in opened:
            caller.leave()
        # Transports are closed by the loop, one turn later.
        await asyncio.sleep(0)
