"""How many requests there are, and how long their answers take to begin."""

from time import monotonic
from typing import Final

from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from app.http.middleware.route import route_of
from application.ports.metrics import Metrics

_CLIENT_CLOSED_REQUEST: Final = 499
_INTERNAL_ERROR: Final = 500
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
# Anybody can make up a method, and each would be a series of its own.
_OTHER_METHOD: Final = "other"


class RequestMetricsMiddleware:
    """Observes `http_request_duration_seconds` by `method`, `route` and `status` when an answer begins.

    Its body is not waited for: a stream may stay open for hours. `route` is the template; `status` is 499 when the
    client left before an answer began.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        began, answered = monotonic(), False

        async def observed_send(message: Message) -> None:
            nonlocal answered
            if message["type"] == "http.response.start" and not answered:
                answered = True
                self._observe(scope, message["status"], began)
            await send(message)

        status = _CLIENT_CLOSED_REQUEST
        try:
            await self._app(scope, receive, observed_send)
        except Exception:
            status = _INTERNAL_ERROR
            raise
        finally:
            if not answered:
                self._observe(scope, status, began)

    def _observe(self, scope: HTTPScope, status: int, began: float) -> None:
        method = scope["method"]
        self._metrics.observe(
            "http_request_duration_seconds",
            monotonic() - began,
            method=method if method in _METHODS else _OTHER_METHOD,
            route=route_of(scope),
            status=str(status),
        )
