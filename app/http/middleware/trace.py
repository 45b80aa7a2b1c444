"""The outermost middleware: every request belongs to a trace."""

import re
from collections.abc import Callable, Sequence
from typing import cast

from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from app.http.client_ip import IpNetwork, client_ip
from application.ports.trace_context import TraceContext

_REQUEST_ID_HEADER = b"x-request-id"
_TRACEPARENT = b"traceparent"
_OWN = frozenset({_REQUEST_ID_HEADER, _TRACEPARENT})
_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,128}")
_USER_AGENT_LENGTH = 200

Headers = list[tuple[bytes, bytes]]


class TraceMiddleware:
    """Opens a trace scope around the request and names it on the response.

    Continues the caller's `traceparent` if there is exactly one and it is valid, and keeps the caller's `X-Request-ID`
    if it is at most 128 of `A-Za-z0-9._-`, else takes one from `new_request_id`. Both are sent back, replacing what a
    handler may have set. Binds `ip` (see `client_ip`) and `user_agent`; who is calling is bound after authentication.
    Wrap it around the whole application, so that answers which no route gave are traced too.
    """

    def __init__(
        self,
        app: ASGIApp,
        trace: TraceContext,
        new_request_id: Callable[[], str],
        trusted_proxies: Sequence[IpNetwork] = (),
    ) -> None:
        self._app = app
        self._trace = trace
        self._new_request_id = new_request_id
        self._trusted_proxies = tuple(trusted_proxies)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        request_id = self._request_id(scope)
        with self._trace.scope(
            _only(_values(scope, _TRACEPARENT)),
            tracestate=",".join(_values(scope, b"tracestate")) or None,
            request_id=request_id,
            ip=client_ip(scope, self._trusted_proxies),
            user_agent="".join(_values(scope, b"user-agent")[:1])[:_USER_AGENT_LENGTH] or None,
        ):
            named: Headers = [
                (_REQUEST_ID_HEADER, request_id.encode()),
                (_TRACEPARENT, self._trace.traceparent().encode()),
            ]
            await self._app(scope, receive, _naming(send, named))

    def _request_id(self, scope: HTTPScope) -> str:
        given = next((value for name, value in scope["headers"] if name.lower() == _REQUEST_ID_HEADER), b"")
        return given.decode() if _REQUEST_ID.fullmatch(given) else self._new_request_id()


def _values(scope: HTTPScope, header: bytes) -> list[str]:
    return [value.decode("latin-1") for name, value in scope["headers"] if name.lower() == header]


def _only(values: list[str]) -> str | None:
    return values[0] if len(values) == 1 else None


def _naming(send: Send, named: Headers) -> Send:
    async def send_named(message: Message) -> None:
        if message["type"] == "http.response.start":
            kept = [(name, value) for name, value in message.get("headers", ()) if name.lower() not in _OWN]
            # A copy: the application may keep and send its own message again.
            message = cast("Message", {**message, "headers": [*kept, *named]})
        await send(message)

    return send_named
