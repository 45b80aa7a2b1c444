"""One log line for each request, written when it is over."""

from time import monotonic

from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from app.http.middleware.route import route_of
from application.ports.log import Log
from application.shared.log_events import HTTP_REQUEST

_CLIENT_CLOSED_REQUEST = 499
_INTERNAL_ERROR = 500
_PROBES = ("/health", "/metrics")


class AccessLogMiddleware:
    """Writes `http.request` with `method`, `route`, `status`, `duration_ms` and `bytes` of body sent.

    Stands inside `TraceMiddleware`, whose scope adds ip, user agent and whoever authenticated. `route` is the template
    and never the path, which holds ids. A stream is logged when it closes, with the time it was open. `status` is 499
    when the client left before an answer began. Probes and metrics are logged at debug.
    """

    def __init__(self, app: ASGIApp, log: Log) -> None:
        self._app = app
        self._log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        exchange = _Exchange()

        async def observed_send(message: Message) -> None:
            exchange.observe(message)
            await send(message)

        try:
            await self._app(scope, receive, observed_send)
        except Exception:
            exchange.fail()
            raise
        finally:
            self._write(scope, exchange)

    def _write(self, scope: HTTPScope, exchange: "_Exchange") -> None:
        route = route_of(scope)
        write = self._log.debug if route.startswith(_PROBES) else self._log.info
        write(
            HTTP_REQUEST,
            method=scope["method"],
            route=route,
            status=exchange.status,
            duration_ms=exchange.duration_ms(),
            bytes=exchange.bytes_sent,
        )


class _Exchange:
    """What is known of one request so far."""

    def __init__(self) -> None:
        self._started = monotonic()
        self.status = _CLIENT_CLOSED_REQUEST
        self.bytes_sent = 0

    def observe(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        elif message["type"] == "http.response.body":
            self.bytes_sent += len(message.get("body", b""))

    def fail(self) -> None:
        """An exception that no handler turned into an answer: the server sends 500 if nothing was sent yet."""
        if self.status == _CLIENT_CLOSED_REQUEST:
            self.status = _INTERNAL_ERROR

    def duration_ms(self) -> float:
        return round((monotonic() - self._started) * 1000, 2)
