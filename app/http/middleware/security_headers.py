"""What every answer tells browsers."""

from collections.abc import Mapping
from typing import Final, cast

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

# An answer may bring a value of its own for each of these, e.g. a page its content security policy.
DEFAULTS: Final[Mapping[bytes, bytes]] = {
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    b"referrer-policy": b"no-referrer",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
    b"permissions-policy": b"camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    b"content-security-policy": b"default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    b"cache-control": b"no-store",
}


class SecurityHeadersMiddleware:
    """Adds headers that an answer does not have yet; HSTS to what comes over HTTPS, or where people always use it."""

    def __init__(self, app: ASGIApp, hsts_seconds: int, *, always_https: bool) -> None:
        self._app = app
        self._hsts = f"max-age={hsts_seconds}; includeSubDomains".encode() if hsts_seconds else None
        self._always_https = always_https

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        added = dict(DEFAULTS)
        if self._hsts and (self._always_https or scope["scheme"] == "https"):
            added[b"strict-transport-security"] = self._hsts
        await self._app(scope, receive, _adding(send, added))


def _adding(send: Send, added: Mapping[bytes, bytes]) -> Send:
    # Not a coroutine function: a stream's pieces go through at the price of a call.
    def send_with_headers(message: Message) -> object:
        if message["type"] == "http.response.start":
            present = list(message.get("headers", ()))
            names = {name.lower() for name, _ in present}
            present += [(name, value) for name, value in added.items() if name not in names]
            message = cast("Message", {**message, "headers": present})
        return send(message)

    return cast("Send", send_with_headers)
