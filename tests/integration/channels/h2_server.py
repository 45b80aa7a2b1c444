"""A web server on 127.0.0.1 that speaks HTTP/2 alone and answers as it is told."""

import asyncio
import ssl
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import h2.config
import h2.connection
import h2.events
import h2.exceptions
from h2.errors import ErrorCodes
from h2.settings import SettingCodes

from tests.integration.channels.http_sink import Received

_CHUNK = 65_536


@dataclass(slots=True)
class Stream:
    """One request that was read, and the ways to end it."""

    request: Received
    id: int
    _line: "_Line"

    def respond(self, status: int | str, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        head = [(":status", str(status)), ("content-length", str(len(body))), *(headers or {}).items()]
        self._line.state.send_headers(self.id, head)
        self._line.state.send_data(self.id, body, end_stream=True)
        self._line.flush()

    def respond_in_part(self, status: int, body: bytes) -> None:
        self._line.state.send_headers(self.id, [(":status", str(status))])
        self._line.state.send_data(self.id, body)
        self._line.flush()

    def reset(self, code: ErrorCodes) -> None:
        self._line.state.reset_stream(self.id, code)
        self._line.flush()

    def go_away(self, last_stream_id: int) -> None:
        self._line.state.close_connection(last_stream_id=last_stream_id)
        self._line.flush()

    def write(self, raw: bytes) -> None:
        self._line.writer.write(raw)

    def abort(self) -> None:
        self._line.writer.transport.abort()


Reply = Callable[[Stream], Awaitable[None]]


@dataclass(slots=True)
class Http2Server:
    """`replies` are used up in order, then `otherwise` answers. `port` listens."""

    port: int = 0
    requests: list[Received] = field(default_factory=list)
    connections: int = 0
    max_streams: int = 100
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a request was read."""
    replies: deque[Reply] = field(default_factory=deque)
    otherwise: Reply = field(default_factory=lambda: answer(200, b"ok"))
    alpn: set[str | None] = field(default_factory=set)
    """What the connections negotiated."""

    def url(self, path: str = "/hook", *, host: str = "127.0.0.1", scheme: str = "http") -> str:
        return f"{scheme}://{host}:{self.port}{path}"


def answer(status: int | str, body: bytes = b"", **headers: str) -> Reply:
    async def reply(stream: Stream) -> None:
        stream.respond(status, body, {name.replace("_", "-"): value for name, value in headers.items()})

    return reply


async def abort(stream: Stream) -> None:
    stream.abort()


async def hang(_stream: Stream) -> None:
    await asyncio.Event().wait()


@asynccontextmanager
async def h2_server(tls: ssl.SSLContext | None = None) -> AsyncIterator[Http2Server]:
    told = Http2Server()
    serving: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        serving.add(task)
        line = _Line(told, writer)
        try:
            await line.serve(reader)
        except asyncio.CancelledError:
            writer.transport.abort()
        finally:
            serving.discard(task)
            await line.close()

    if tls is not None:
        tls.set_alpn_protocols(["h2"])
    server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=tls)
    told.port = server.sockets[0].getsockname()[1]
    try:
        yield told
    finally:
        server.close()
        for task in list(serving):
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)
        await server.wait_closed()


class _Line:
    """One connection."""

    def __init__(self, told: Http2Server, writer: asyncio.StreamWriter) -> None:
        self.writer = writer
        self.state = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding="latin-1"))
        self._told = told
        self._open: dict[int, tuple[dict[str, str], bytearray]] = {}
        self._replying: set[asyncio.Task[None]] = set()

    async def serve(self, reader: asyncio.StreamReader) -> None:
        self._told.connections += 1
        encrypted = self.writer.get_extra_info("ssl_object")
        self._told.alpn.add(encrypted.selected_alpn_protocol() if encrypted else None)
        self.state.local_settings[SettingCodes.MAX_CONCURRENT_STREAMS] = self._told.max_streams
        self.state.initiate_connection()
        self.flush()
        try:
            while data := await reader.read(_CHUNK):
                for event in self.state.receive_data(data):
                    self._take(event)
                self.flush()
        except (ConnectionError, h2.exceptions.ProtocolError):
            return

    def flush(self) -> None:
        if not self.writer.is_closing():
            self.writer.write(self.state.data_to_send())

    async def close(self) -> None:
        for task in self._replying:
            task.cancel()
        await asyncio.gather(*self._replying, return_exceptions=True)
        self.writer.close()

    def _take(self, event: h2.events.Event) -> None:
        match event:
            case h2.events.RequestReceived():
                fields = [(_text(name), _text(value)) for name, value in event.headers or ()]
                self._open[event.stream_id] = (dict(fields), bytearray())
            case h2.events.DataReceived():
                self._open[event.stream_id][1].extend(event.data or b"")
                self.state.acknowledge_received_data(event.flow_controlled_length or 0, event.stream_id)
            case h2.events.StreamEnded():
                self._answer(event.stream_id)

    def _answer(self, stream_id: int) -> None:
        headers, body = self._open.pop(stream_id)
        method, target = headers.pop(":method"), headers.pop(":path")
        request = Received(method=method, target=target, headers=headers, body=bytes(body))
        self._told.requests.append(request)
        self._told.asked.set()
        reply = self._told.replies.popleft() if self._told.replies else self._told.otherwise
        task = asyncio.create_task(_replied(reply, Stream(request, stream_id, self)))
        self._replying.add(task)
        task.add_done_callback(self._replying.discard)


async def _replied(reply: Reply, stream: Stream) -> None:
    await reply(stream)


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value
