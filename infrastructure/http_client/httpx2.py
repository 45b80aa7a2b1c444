"""Outbound HTTP/1.1 and HTTP/2 with the engine of httpx2.

The engine's pool is used without `httpx2.AsyncClient`, which logs every URL (some are secrets), keeps cookies between
callers and has no way in for the connector.
"""

import asyncio
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import anyio
import httpcore2
import httpx2

from application.ports.http_client import HttpClient, HttpFailure, HttpFailureKind, HttpRequest, HttpResponse
from application.ports.log import Log
from application.shared.log_events import HTTP_CALL
from infrastructure.config.egress import EgressSettings
from infrastructure.http_client.connector import AddressBlocked, PinnedBackend
from infrastructure.http_client.egress_policy import EgressPolicy, is_host, port_of
from infrastructure.http_client.exchange import Exchange
from infrastructure.http_client.host_slots import HostSlots
from infrastructure.http_client.http2 import Http2Lines, never_processed, require_plain
from infrastructure.http_client.resolver import NameNotResolved, Resolver

_MAX_IDLE: Final = 20
# Short: an idle connection that the peer closes in the moment of a request leaves that request ambiguous.
_IDLE_SECONDS: Final = 5.0

# The one place where the engine's errors become ours: first match wins, since they have no root of their own.
_REASONS: Final[tuple[tuple[type[Exception], str], ...]] = (
    (AddressBlocked, "refused"),
    (NameNotResolved, "dns"),
    (httpcore2.LocalProtocolError, "invalid_request"),
    (TimeoutError, "timeout"),
    (httpcore2.TimeoutException, "timeout"),
    (httpcore2.ConnectError, "connect"),
    (httpcore2.ProtocolError, "protocol"),
    (httpcore2.NetworkError, "reset"),
    (anyio.BrokenResourceError, "reset"),
    (anyio.ClosedResourceError, "reset"),
    (OSError, "reset"),
)
_FOREIGN: Final = tuple(kind for kind, _ in _REASONS)


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpLimits:
    """Times in seconds: `dns_timeout` for a whole look-up, `connect_timeout` for each address of a name; both lie
    within the total, which is the request's and at most the settings'. Requests beyond `max_connections` wait within
    theirs, and so do those beyond the settings' number for one host and port.
    """

    dns_timeout: float = 3.0
    connect_timeout: float = 3.0
    max_connections: int = 100


class Httpx2HttpClient(HttpClient):
    """See `HttpClient`. Connects when first used, again after `stop`.

    `ssl_context` is for private authorities.
    """

    def __init__(
        self,
        settings: EgressSettings,
        resolver: Resolver,
        *,
        log: Callable[[], Log],
        limits: HttpLimits | None = None,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self._settings = settings
        self._policy = EgressPolicy(allow_cidrs=settings.allow_cidrs, allow_ports=settings.ports)
        self._limits = limits or HttpLimits()
        self._backend = PinnedBackend(self._policy, resolver, dns_timeout=self._limits.dns_timeout)
        self._hosts = HostSlots(settings.max_per_host)
        self._log = log
        self._ssl_context = ssl_context
        self._pool: httpcore2.AsyncConnectionPool | None = None
        self._http2 = Http2Lines(lambda: self._new_pool(http2=True))

    def check_url(self, url: str) -> str | None:
        return self._policy.check_url(url)

    async def send(self, request: HttpRequest) -> HttpResponse | HttpFailure:
        began = time.monotonic()
        answer: HttpResponse | HttpFailure | None = None
        try:
            answer = await self._answer(request)
        finally:
            self._tell(request, answer, time.monotonic() - began)
        return answer

    async def _answer(self, request: HttpRequest) -> HttpResponse | HttpFailure:
        if self.check_url(request.url) is not None:
            return HttpFailure(kind=HttpFailureKind.BLOCKED, reason="refused")
        try:
            exchange = Exchange(self._prepared(request), max_body=self._settings.max_response_bytes)
        except (ValueError, TypeError):  # a header that is not ASCII
            return HttpFailure(kind=HttpFailureKind.NOT_SENT, reason="invalid_request")
        try:
            async with asyncio.timeout(min(request.timeout, self._settings.timeout)):
                async with self._hosts.slot(_host(request.url)):
                    return await self._exchanged(exchange, http2=request.http2)
        except _FOREIGN as error:
            return exchange.response() or _failure(error, exchange)

    async def _exchanged(self, exchange: Exchange, *, http2: bool) -> HttpResponse:
        if http2:
            return await self._http2.run(exchange)
        self._pool = self._pool or self._new_pool()
        return await exchange.run(self._pool)

    def _tell(self, request: HttpRequest, answer: HttpResponse | HttpFailure | None, seconds: float) -> None:
        self._log().info(
            HTTP_CALL,
            method=request.method,
            host=_host(request.url),
            outcome=_word_for(answer),
            duration_ms=round(seconds * 1000, 1),
            status=answer.status if isinstance(answer, HttpResponse) else None,
            reason=answer.reason if isinstance(answer, HttpFailure) else None,
        )

    async def start(self) -> None:
        """Nothing: it connects when there is something to send."""

    async def stop(self) -> None:
        """Close every connection."""
        pool, self._pool = self._pool, None
        if pool is not None:
            await pool.aclose()
        await self._http2.stop()

    def _new_pool(self, *, http2: bool = False) -> httpcore2.AsyncConnectionPool:
        return httpcore2.AsyncConnectionPool(
            ssl_context=self._ssl_context or httpcore2.default_ssl_context(),
            max_connections=self._limits.max_connections,
            max_keepalive_connections=_MAX_IDLE,
            keepalive_expiry=_IDLE_SECONDS,
            http1=not http2,
            http2=http2,
            network_backend=self._backend,
        )

    def _prepared(self, request: HttpRequest) -> httpcore2.Request:
        if request.http2:
            require_plain(request.headers)
        # httpx2 writes `Host` and `Content-Length`. An inflated answer could be of any size, so none is asked for.
        headers = {"accept-encoding": "identity", **request.headers}
        plain = httpx2.Request(request.method, request.url, headers=headers, content=request.body)
        url = plain.url
        return httpcore2.Request(
            method=plain.method,
            url=httpcore2.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
            headers=plain.headers.raw,
            content=request.body,
            extensions={"timeout": {"connect": self._limits.connect_timeout}},
        )


def _failure(error: Exception, exchange: Exchange) -> HttpFailure:
    reason = next(reason for kind, reason in _REASONS if isinstance(error, kind))
    if reason == "refused":
        return HttpFailure(kind=HttpFailureKind.BLOCKED, reason=reason)
    if reason == "connect" and exchange.in_tls:
        reason = "tls"
    if never_processed(error, exchange):
        return HttpFailure(kind=HttpFailureKind.NOT_SENT, reason="reset")
    if reason == "invalid_request" and exchange.stream_id:
        reason = "protocol"  # the engine calls it ours when an HTTP/2 peer breaks the rules
    # The engine announces the request before it looks at the headers.
    sent = exchange.sent and reason != "invalid_request"
    return HttpFailure(kind=HttpFailureKind.AMBIGUOUS if sent else HttpFailureKind.NOT_SENT, reason=reason)


def _host(url: str) -> str:
    """Host and port of whatever was asked for, without what may be secret: user name, path and query."""
    try:
        parsed = httpx2.URL(url)
        host = parsed.raw_host.decode("ascii")
        return f"{host}:{port_of(parsed)}" if is_host(host) else "(invalid)"
    except (httpx2.InvalidURL, ValueError):
        return "(invalid)"


def _word_for(answer: HttpResponse | HttpFailure | None) -> str:
    if answer is None:
        return "broken_off"
    return "answered" if isinstance(answer, HttpResponse) else answer.kind.value
