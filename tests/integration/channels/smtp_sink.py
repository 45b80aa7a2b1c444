"""A real SMTP server on 127.0.0.1 that answers as it is told."""

import asyncio
import ssl
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

DROP = "drop"
HANG = "hang"


def drop(server: SMTP) -> None:
    if isinstance(server.transport, asyncio.WriteTransport):
        server.transport.abort()


@dataclass(slots=True)
class SmtpSink:
    """`replies[command]` are used up in order, then 250. `DROP` and `HANG` are replies too.

    Commands: MAIL, RCPT, `DATA` for the answer after the mail, `DATA?` for the one before it.
    """

    port: int = 0
    mails: list[bytes] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    connections: int = 0
    replies: dict[str, deque[str]] = field(default_factory=dict)
    password: str | None = None
    hanging: asyncio.Event = field(default_factory=asyncio.Event)
    encrypted: list[bool] = field(default_factory=list)
    servers: list[SMTP] = field(default_factory=list)

    def script(self, command: str, *replies: str) -> None:
        self.replies[command] = deque(replies)

    def parsed(self, index: int = -1) -> EmailMessage:
        mail = message_from_bytes(self.mails[index], policy=default)
        assert isinstance(mail, EmailMessage)
        return mail

    def drop_connections(self) -> None:
        for server in self.servers:
            drop(server)

    async def reply(self, command: str, server: SMTP) -> str | None:
        rest = self.replies.get(command)
        scripted = rest.popleft() if rest else None
        if scripted == HANG:
            self.hanging.set()
            await asyncio.Event().wait()
        if scripted == DROP:
            drop(server)
        return scripted

    # The hooks of aiosmtpd; None means its own answer.
    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        reply = await self.reply("MAIL", server)
        if reply is None:
            envelope.mail_from = address
        return reply or "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        reply = await self.reply("RCPT", server)
        if reply is None:
            envelope.rcpt_tos.append(address)
        return reply or "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.encrypted.append(session.ssl is not None)
        reply = await self.reply("DATA", server)
        if reply is None or reply.startswith("2"):
            assert isinstance(envelope.content, bytes)
            self.mails.append(envelope.content)
            self.recipients.extend(envelope.rcpt_tos)
        return reply or "250 queued as A1"

    def authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: Any
    ) -> AuthResult:
        return AuthResult(success=data.password.decode() == self.password, handled=False)


class _ScriptedSmtp(SMTP):
    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802
        reply = await self.event_handler.reply("DATA?", self)
        if reply is None:
            await super().smtp_DATA(arg)
        elif reply != DROP:
            await self.push(reply)


@asynccontextmanager
async def smtp_sink(
    *,
    password: str | None = None,
    login: bool = True,
    starttls: ssl.SSLContext | None = None,
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[SmtpSink]:
    sink = SmtpSink(password=password)
    loop = asyncio.get_running_loop()

    def protocol() -> SMTP:
        sink.connections += 1
        server = _ScriptedSmtp(
            sink,
            hostname="mx.test",
            loop=loop,
            tls_context=starttls,
            authenticator=sink.authenticate if password is not None else None,
            auth_require_tls=False,
            auth_exclude_mechanism=[] if login else ["LOGIN", "PLAIN"],
        )
        sink.servers.append(server)
        return server

    listener = await loop.create_server(protocol, "127.0.0.1", 0, ssl=tls)
    sink.port = listener.sockets[0].getsockname()[1]
    try:
        yield sink
    finally:
        listener.close()
        sink.drop_connections()
        await listener.wait_closed()
        await asyncio.sleep(0)
