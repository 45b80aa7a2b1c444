"""Answers in fewer bytes."""

import gzip
import re
from typing import Any, Final, cast

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

SMALLEST: Final = 1_024
_LEVEL: Final = 5
_TEXT: Final = re.compile(rb"(application/([\w.-]+\+)?json|text/(?!event-stream)[\w.-]+|image/svg\+xml)\b")
_REFUSED: Final = re.compile(rb"gzip\s*;\s*q=0(\.0*)?\s*(,|$)", re.IGNORECASE)


class GzipMiddleware:
    """Compresses whole texts of 1 kB and more for clients that accept it; what is sent in pieces stays as it is."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.HTTP and _accepts(scope):
            await self._app(scope, receive, cast("Send", _Packing(send)))
        else:
            await self._app(scope, receive, send)


class _Packing:
    """Holds the head of the answer back until the body shows whether it is worth it."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._head: dict[str, Any] | None = None  # Any: an ASGI message

    # Not a coroutine function: a stream's pieces go through at the price of a call.
    def __call__(self, message: Message) -> object:
        if message["type"] == "http.response.start":
            held = cast("dict[str, Any]", message)  # Any: see above
            if _suitable(held["headers"]):
                self._head = held
                return _nothing()
        elif self._head is not None and message["type"] == "http.response.body":
            head, self._head = self._head, None
            return self._send_both(head, cast("dict[str, Any]", message))  # Any: see above
        return self._send(message)

    async def _send_both(self, head: dict[str, Any], body: dict[str, Any]) -> None:  # Any: see above
        headers = [*head["headers"], (b"vary", b"Accept-Encoding")]
        if not body.get("more_body") and len(body.get("body", b"")) >= SMALLEST:
            packed = gzip.compress(body["body"], _LEVEL, mtime=0)
            headers = [(name, value) for name, value in headers if name != b"content-length"]
            headers += [(b"content-encoding", b"gzip"), (b"content-length", str(len(packed)).encode())]
            body = {**body, "body": packed}
        await self._send(cast("Message", {**head, "headers": headers}))
        await self._send(cast("Message", body))


def _accepts(scope: Scope) -> bool:
    wanted = b",".join(value for name, value in scope["headers"] if name == b"accept-encoding")
    return b"gzip" in wanted.lower() and not _REFUSED.search(wanted)


def _suitable(headers: list[tuple[bytes, bytes]]) -> bool:
    named = dict(headers)
    return b"content-encoding" not in named and bool(_TEXT.match(named.get(b"content-type", b"")))


async def _nothing() -> None:
    return None
