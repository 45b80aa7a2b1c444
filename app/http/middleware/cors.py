"""Which other web pages may call us."""

from collections.abc import Collection
from typing import Final, cast

from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

METHODS: Final = b"GET, POST, PUT, PATCH, DELETE"
REQUEST_HEADERS: Final = (
    b"authorization, content-type, accept, idempotency-key, last-event-id, traceparent, tracestate, x-request-id"
)
READABLE: Final = b"allow, idempotency-replayed, ratelimit, ratelimit-policy, retry-after, traceparent, x-request-id"
_PREFLIGHT_SECONDS: Final = b"600"

Headers = list[tuple[bytes, bytes]]


class CorsMiddleware:
    """Opens the API to pages of exactly these `origins` (`*` for all), never with cookies.

    A page of another origin gets no header: its browser keeps the answer from it. Litestar's own middleware would
    match patterns, replace `Vary` and answer a refused preflight with plain text.
    """

    def __init__(self, app: ASGIApp, origins: Collection[str]) -> None:
        self._app = app
        self._all = "*" in origins
        self._origins = frozenset(origin.encode() for origin in origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        origin = _header(scope, b"origin") if scope["type"] == ScopeType.HTTP else None
        if origin is None:
            await self._app(scope, receive, send if self._all else _varying(send, []))
            return
        allowed = self._allowed(origin)
        http = cast("HTTPScope", scope)
        if http["method"] == "OPTIONS" and _header(scope, b"access-control-request-method") is not None:
            await _answer_preflight(send, allowed)
            return
        readable = [(b"access-control-expose-headers", READABLE)] if allowed else []
        await self._app(scope, receive, _varying(send, [*allowed, *readable], vary=not self._all))

    def _allowed(self, origin: bytes) -> Headers:
        if self._all:
            return [(b"access-control-allow-origin", b"*")]
        return [(b"access-control-allow-origin", origin)] if origin in self._origins else []


async def _answer_preflight(send: Send, allowed: Headers) -> None:
    told: Headers = [(b"vary", b"Origin"), (b"content-length", b"0"), *allowed]
    if allowed:
        told += [
            (b"access-control-allow-methods", METHODS),
            (b"access-control-allow-headers", REQUEST_HEADERS),
            (b"access-control-max-age", _PREFLIGHT_SECONDS),
        ]
    await send({"type": "http.response.start", "status": 204, "headers": told})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def _varying(send: Send, added: Headers, *, vary: bool = True) -> Send:
    told: Headers = [*added, (b"vary", b"Origin")] if vary else added

    # Not a coroutine function: a stream's pieces go through at the price of a call.
    def send_with_headers(message: Message) -> object:
        if message["type"] == "http.response.start":
            message = cast("Message", {**message, "headers": [*message.get("headers", ()), *told]})
        return send(message)

    return cast("Send", send_with_headers)


def _header(scope: Scope, wanted: bytes) -> bytes | None:
    return next((value for name, value in scope["headers"] if name == wanted), None)
