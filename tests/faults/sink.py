"""The world outside: one SMTP relay and one receiver of webhooks, which record what was done to them.

    async with Sink(folder / "effects.jsonl") as sink:
        sink.answer = lambda request: Answer(delay=0.1)
        ...
        sink.effects()

An effect is recorded before the provider answers, by an append that survives whoever dies next.
"""

import asyncio
import json
import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from email import message_from_bytes
from pathlib import Path
from types import TracebackType
from typing import Self

from aiosmtpd.smtp import SMTP, Envelope, Session

MESSAGE_ID = re.compile(r"<(?P<id>[^@>]+)@")
EMAIL = "email"
WEBHOOK = "webhook"
# How each protocol says "not now".
REFUSALS = {EMAIL: 451, WEBHOOK: 503}
ACCEPTED = {EMAIL: 250, WEBHOOK: 200}


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A mail or a webhook as it came in; `id` is the delivery's, which every repeat bears."""

    id: str
    channel: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """Something that cannot be taken back: a mail was sent, a receiver has acted. `at` is in Unix seconds."""

    id: str
    channel: str
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """After `delay` seconds act or refuse, and after `pause` more say so, or hang up without a word.

    `words` is what a relay says beside the number.
    """

    delay: float = 0.0
    acts: bool = True
    pause: float = 0.0
    hangs_up: bool = False
    status: int | None = None
    words: str = "as told"

    def status_for(self, channel: str) -> int:
        """The number that the protocol answers with."""
        return self.status or (ACCEPTED if self.acts else REFUSALS)[channel]


class HungUp(Exception):
    """The caller gets no answer."""


class Sink:
    """Listens on free ports of 127.0.0.1; `asked` counts every request, whatever became of it."""

    def __init__(self, record: Path) -> None:
        self.answer: Callable[[Request], Answer] = lambda _request: Answer()
        self.asked = 0
        self.smtp_port = 0
        self.http_port = 0
        self._record = os.open(record, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        self._servers: list[asyncio.Server] = []
        self._open: set[asyncio.BaseTransport] = set()
        self._serving: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """Where webhooks are received."""
        return f"http://127.0.0.1:{self.http_port}/hook"

    def effects(self) -> list[Effect]:
        """Everything that was done, in order."""
        size = os.fstat(self._record).st_size
        lines = os.pread(self._record, size, 0).decode().splitlines()
        return [Effect(**json.loads(line)) for line in lines]

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        smtp = await loop.create_server(lambda: _Relay(self, loop), "127.0.0.1", 0)
        http = await asyncio.start_server(self._serve_http, "127.0.0.1", 0)
        self._servers = [smtp, http]
        self.smtp_port, self.http_port = (server.sockets[0].getsockname()[1] for server in self._servers)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for server in self._servers:
            server.close()
        for transport in list(self._open):
            if isinstance(transport, asyncio.WriteTransport):
                transport.abort()
        for task in list(self._serving):
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)
        for server in self._servers:
            await server.wait_closed()
        # Transports are closed by the loop, one turn later.
        await asyncio.sleep(0)
        os.close(self._record)

    async def settle(self, request: Request) -> Answer:
        """Act as `answer` says, and return what it is; raises HungUp."""
        self.asked += 1
        answer = self.answer(request)
        await asyncio.sleep(answer.delay)
        if answer.acts:
            effect = {"id": request.id, "channel": request.channel, "at": time.time()}
            os.write(self._record, json.dumps(effect).encode() + b"\n")
        await asyncio.sleep(answer.pause)
        if answer.hangs_up:
            raise HungUp
        return answer

    async def _serve_http(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None, "asyncio serves each connection in a task"
        self._serving.add(task)
        try:
            while True:
                answer = await self.settle(await _read_webhook(reader))
                writer.write(f"HTTP/1.1 {answer.status_for(WEBHOOK)} Answer\r\ncontent-length: 0\r\n\r\n".encode())
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            writer.close()
        except HungUp:
            writer.transport.abort()
        finally:
            self._serving.discard(task)

    def opened(self, transport: asyncio.BaseTransport) -> None:
        """A mail connection to be cut at the end."""
        self._open.add(transport)

    def closed(self, transport: asyncio.BaseTransport | None) -> None:
        """It is gone."""
        if transport is not None:
            self._open.discard(transport)


class _Relay(SMTP):
    """One connection of the relay."""

    def __init__(self, sink: Sink, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(self, hostname="relay.test", loop=loop)
        self._sink = sink

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._sink.opened(transport)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._sink.closed(self.transport)
        super().connection_lost(error)

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        found = MESSAGE_ID.match(message_from_bytes(envelope.content)["Message-ID"] or "")
        assert found is not None, "every mail of ours has a Message-ID"
        try:
            answer = await self._sink.settle(Request(id=found["id"], channel=EMAIL, content=envelope.content))
        except HungUp:
            if isinstance(self.transport, asyncio.WriteTransport):
                self.transport.abort()
            return "421 gone"
        return f"{answer.status_for(EMAIL)} {answer.words}"


async def _read_webhook(reader: asyncio.StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    _, *lines = head.rstrip("\r\n").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Request(id=headers.get("webhook-id", ""), channel=WEBHOOK, content=body)
