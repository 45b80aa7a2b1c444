"""A web server on 127.0.0.1 that answers as it is told, down to the bytes."""

import asyncio
import ssl
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

Reply = Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True)
class HttpSink:
    """`replies` are used up in order, then `otherwise` answers. `port` listens."""

    port: int = 0
    requests: list[Received] = field(default_factory=list)
    connections: int = 0
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a request was read."""
    replies: deque[Reply] = field(default_factory=deque)
    otherwise: Reply = field(default_factory=lambda: answer(200, b"ok"))
    accept: Reply | None = None
    """Called instead of reading the request, when set."""

    def url(self, path: str = "/hook", *, host: str = "127.0.0.1", scheme: str = "http") -> str:
        return f"{scheme}://{host}:{self.port}{path}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            if self.accept is not None:
                await self.accept(writer)
                return
            while True:
                self.requests.append(await _read_request(reader))
                self.asked.set()
                reply = self.replies.popleft() if self.replies else self.otherwise
                await reply(writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()


def answer(status: int, body: bytes = b"", **headers: str) -> Reply:
    async def reply(writer: asyncio.StreamWriter) -> None:
        lines = {"content-length": str(len(body)), **{name.replace("_", "-"): value for name, value in headers.items()}}
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        writer.write(f"HTTP/1.1 {status} Reason\r\n{head}\r\n".encode() + body)
        await writer.drain()

    return reply


def raw(*pieces: bytes, pause: float = 0.0) -> Reply:
    """The bytes as they are, then the connection is closed."""

    async def reply(writer: asyncio.StreamWriter) -> None:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause)
        raise ConnectionError

    return reply


async def reset(writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()
    raise ConnectionError


async def hang(_writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


@asynccontextmanager
async def http_sink(tls: ssl.SSLContext | None = None) -> AsyncIterator[HttpSink]:
    sink = HttpSink()
    serving: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        serving.add(task)
        try:
            await sink.serve(reader, writer)
        except asyncio.CancelledError:
            writer.transport.abort()
        finally:
            serving.discard(task)

    server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=tls)
    sink.port = server.sockets[0].getsockname()[1]
    try:
        yield sink
    finally:
        server.close()
        for task in list(serving):
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)
        await server.wait_closed()


async def _read_request(reader: asyncio.StreamReader) -> Received:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.rstrip("\r\n").split("\r\n")
    method, target, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Received(method=method, target=target, headers=headers, body=body)
