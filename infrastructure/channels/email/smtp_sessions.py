"""Connections to one SMTP relay, used again while they last."""

import asyncio
import re
import socket
import ssl
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import aiosmtplib

from infrastructure.config.mail import SmtpSettings

_LIVENESS_SECONDS = 2.0
_GOODBYE_SECONDS = 1.0
_HOST_NAME = re.compile(r"[A-Za-z0-9.-]{1,253}")


@dataclass(slots=True, kw_only=True)
class Session:
    """One connection that is logged in, with an empty envelope."""

    client: aiosmtplib.SMTP
    used: int = 0
    idle_since: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionLimits:
    """Relays end connections that stay idle or carry many mails; ours end before. `idle_expiry` in seconds."""

    max_connections: int = 20
    max_mails: int = 100
    idle_expiry: float = 20.0


class SmtpSessions:
    """At most `max_connections` at a time; who comes then waits for its own deadline."""

    def __init__(self, settings: SmtpSettings, limits: ConnectionLimits, tls_context: ssl.SSLContext | None) -> None:
        self._settings = settings
        self._limits = limits
        self._tls_context = tls_context
        self._slots = asyncio.Semaphore(limits.max_connections)
        # Never full: a connection is opened only when none is idle, within a slot.
        self._idle: deque[Session] = deque(maxlen=limits.max_connections)

    @asynccontextmanager
    async def session(self) -> AsyncIterator[aiosmtplib.SMTP]:
        """A connection that answers. It is kept when the block ends well or with a refusal, else closed."""
        async with self._slots:
            session = await self._reused() or await self._opened()
            try:
                yield session.client
            except aiosmtplib.SMTPResponseException as refusal:
                # A reply that was no SMTP leaves the dialogue out of step.
                if refusal.code < 0:
                    session.client.close()
                self._keep(session)
                raise
            except BaseException:
                session.client.close()
                raise
            self._keep(session)

    async def stop(self) -> None:
        """Say goodbye on every idle connection."""
        while self._idle:
            client = self._idle.pop().client
            try:
                with suppress(aiosmtplib.SMTPException, OSError):
                    await client.quit(timeout=_GOODBYE_SECONDS)
            finally:
                client.close()

    def _keep(self, session: Session) -> None:
        session.used += 1
        session.idle_since = time.monotonic()
        if session.client.is_connected and session.used < self._limits.max_mails:
            self._idle.append(session)
        else:
            session.client.close()

    async def _reused(self) -> Session | None:
        while self._idle:
            session = self._idle.pop()
            if time.monotonic() - session.idle_since < self._limits.idle_expiry and await _answers(session.client):
                return session
            session.client.close()
        return None

    async def _opened(self) -> Session:
        settings = self._settings
        client = aiosmtplib.SMTP(
            hostname=settings.host,
            port=settings.port,
            username=settings.user,
            password=settings.password if settings.user is not None else None,
            # Its own default asks DNS for this machine's full name, which may take seconds.
            local_hostname=_machine_name(),
            timeout=settings.timeout,
            use_tls=settings.tls == "tls",
            start_tls=settings.tls == "starttls",
            tls_context=self._tls_context,
        )
        await client.connect()
        return Session(client=client)


async def _answers(client: aiosmtplib.SMTP) -> bool:
    # RSET empties the envelope that a refusal left behind, and finds out whether the relay hung up meanwhile.
    try:
        await client.rset(timeout=_LIVENESS_SECONDS)
    except (aiosmtplib.SMTPException, OSError):
        return False
    except BaseException:
        client.close()
        raise
    return True


def _machine_name() -> str:
    name = socket.gethostname()
    return name if _HOST_NAME.fullmatch(name) else "localhost"
