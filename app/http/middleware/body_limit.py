"""How much a request may bring, and how long that may take."""

import asyncio
from contextlib import suppress
from time import monotonic
from typing import Final, cast

from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPReceiveMessage, HTTPScope, Message, Receive, Scope, Send

from app.http.problem import headers_of, problem_of, send_problem
from app.http.refusals import BodyTooLarge, BodyTooSlow, ClientGone
from application.ports.trace_context import TraceContext

_WITHOUT_BODY: Final = frozenset({"GET", "HEAD", "OPTIONS"})
# A client that is still sending would see a reset instead of the answer, were it cut off at once.
LINGER_SECONDS: Final = 2.0
LINGER_BYTES: Final = 16_777_216


class BodyLimitMiddleware:
    """Counts what is really read, whatever `Content-Length` says: beyond `most_bytes` the answer is 413.

    What still arrives is then thrown away for a moment, so that the client gets to read the answer, and the connection
    is closed. A body that is not there after `seconds` is answered 408. Nothing is wrapped around requests whose
    method has no body: streams talk to the server directly.
    """

    def __init__(self, app: ASGIApp, trace: TraceContext, most_bytes: int, seconds: float) -> None:
        self._app = app
        self._trace = trace
        self._most_bytes = most_bytes
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP or scope["method"] in _WITHOUT_BODY:
            await self._app(scope, receive, send)
            return
        body = _Body(receive, send, self._most_bytes, self._seconds)
        if _announced(scope) > self._most_bytes:
            refusal = body.too_large()
            problem = problem_of(refusal, instance=scope["path"], trace_id=self._trace.current().trace_id)
            await send_problem(body.send, problem, headers_of(refusal))
            return
        await self._app(scope, body.receive, body.send)


class _Body:
    """One body on its way in, and the answer on its way out."""

    def __init__(self, receive: Receive, send: Send, most_bytes: int, seconds: float) -> None:
        self._receive = receive
        self._send = send
        self._most_bytes = most_bytes
        self._deadline = monotonic() + seconds
        self._read = 0
        self._open = True
        self._closing = False

    async def receive(self) -> HTTPReceiveMessage:
        """The next piece. Raises `BodyTooLarge`, `BodyTooSlow`, and `ClientGone` before the end of the body."""
        if not self._open:
            return cast("HTTPReceiveMessage", await self._receive())
        try:
            async with asyncio.timeout(self._deadline - monotonic()):
                message = cast("HTTPReceiveMessage", await self._receive())
        except TimeoutError:
            self._closing, self._open = True, False
            raise BodyTooSlow from None
        if message["type"] != "http.request":
            raise ClientGone
        self._read += len(message.get("body", b""))
        self._open = message.get("more_body", False)
        if self._read > self._most_bytes:
            raise self.too_large()
        return message

    def too_large(self) -> BodyTooLarge:
        """The refusal; from now on the answer ends the connection."""
        self._closing = True
        return BodyTooLarge(f"A request has at most {self._most_bytes} bytes")

    async def send(self, message: Message) -> None:
        """Pass a piece of the answer on; the last one waits for a client that is still sending."""
        if not self._closing:
            await self._send(message)
        elif message["type"] == "http.response.start":
            headers = [*message.get("headers", ()), (b"connection", b"close")]
            await self._send(cast("Message", {**message, "headers": headers}))
        elif message["type"] == "http.response.body" and not message.get("more_body"):
            await self._send({**message, "more_body": True})
            await self._linger()
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})
        else:
            await self._send(message)

    async def _linger(self) -> None:
        left = LINGER_BYTES
        with suppress(TimeoutError):
            async with asyncio.timeout(LINGER_SECONDS):
                while self._open and left > 0:
                    message = cast("HTTPReceiveMessage", await self._receive())
                    if message["type"] != "http.request":
                        return
                    left -= len(message.get("body", b""))
                    self._open = message.get("more_body", False)


def _announced(scope: HTTPScope) -> int:
    value = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
    return int(value) if value.isdigit() and len(value) <= len(str(2**63)) else 2**63
