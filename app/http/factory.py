"""The HTTP application."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from litestar import Litestar, Router
from litestar.datastructures import State
from litestar.di import Provide
from litestar.middleware import DefineMiddleware
from litestar.types import ASGIApp, ControllerRouterHandler, Middleware

from app.http.auth import Authentication, AuthenticationMiddleware, TicketRedemption
from app.http.errors import Failures
from app.http.middleware.access_log import AccessLogMiddleware
from app.http.middleware.allowed_methods import AllowedMethodsMiddleware
from app.http.middleware.body_limit import BodyLimitMiddleware
from app.http.middleware.compression import GzipMiddleware
from app.http.middleware.cors import CorsMiddleware
from app.http.middleware.head import HeadMiddleware
from app.http.middleware.rate_limit import RateLimitMiddleware, RateLimits
from app.http.middleware.request_line import RequestLineMiddleware
from app.http.middleware.request_metrics import RequestMetricsMiddleware
from app.http.middleware.security_headers import SecurityHeadersMiddleware
from app.http.middleware.streams import StreamsMiddleware
from app.http.middleware.timeout import TimeoutMiddleware
from app.http.middleware.trace import TraceMiddleware
from app.http.negotiation import Negotiation
from app.http.options import HttpOptions
from app.http.requests import ApiRequest
from app.web import PageFiles
from application.ports.log import Log
from application.ports.metrics import Metrics
from application.ports.rate_limiter import RateLimiter
from application.ports.trace_context import TraceContext

API_PREFIX = "/api/v1"

Lifespan = Callable[[Litestar], AbstractAsyncContextManager[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the middlewares work with. Use cases and ports that may be overridden come as providers."""

    trace: TraceContext
    log: Log
    metrics: Metrics
    new_request_id: Callable[[], str]
    authenticate: Callable[[], Authentication]
    redeem_ticket: Callable[[], TicketRedemption]
    rate_limiter: Callable[[], RateLimiter]


@dataclass(frozen=True, slots=True, kw_only=True)
class Routes:
    """Controllers by where they are mounted: below `/api/v1`, or at the root."""

    api: Sequence[ControllerRouterHandler] = ()
    root: Sequence[ControllerRouterHandler] = ()


def create_http_app(
    routes: Routes,
    dependencies: Mapping[str, Provide],
    surroundings: Surroundings,
    options: HttpOptions,
    lifespan: Sequence[Lifespan] = (),
) -> Litestar:
    """A server of `routes`, whose handlers get `dependencies` by name."""
    app = Litestar(
        route_handlers=[Router(API_PREFIX, route_handlers=list(routes.api)), *routes.root],
        dependencies=dict(dependencies),
        request_class=ApiRequest,
        before_request=Negotiation(),
        exception_handlers=Failures(surroundings.trace, surroundings.log).handlers(),
        middleware=_inner(surroundings, options),
        lifespan=list(lifespan),
        state=State({"trace": surroundings.trace, "options": options, "pages": PageFiles()}),
        request_max_body_size=None,
        logging_config=None,
        openapi_config=None,
        debug=False,
    )
    app.asgi_handler = _outer(app.asgi_handler, surroundings, options)
    return app


def _outer(app: ASGIApp, around: Surroundings, options: HttpOptions) -> ASGIApp:
    """What every request goes through, whether a route was found or not; the last line is the outermost.

    The limits stand inside of the headers, so that a page of another origin can read why it was refused.
    """
    app = BodyLimitMiddleware(app, around.trace, options.max_body_bytes, options.body_seconds)
    app = RequestLineMiddleware(app, around.trace, options.allowed_hosts)
    if options.compression:
        app = GzipMiddleware(app)
    app = CorsMiddleware(app, options.cors_origins)
    if options.security_headers:
        app = SecurityHeadersMiddleware(app, options.hsts_seconds, always_https=options.always_https)
    app = HeadMiddleware(app)
    app = StreamsMiddleware(app)
    app = RequestMetricsMiddleware(app, around.metrics)
    app = AccessLogMiddleware(app, around.log)
    return TraceMiddleware(app, around.trace, around.new_request_id, options.trusted_proxies)


def _inner(around: Surroundings, options: HttpOptions) -> list[Middleware]:
    """What knows the route; the first line is the outermost."""
    limits = RateLimits(policies=options.rate_policies, trusted_proxies=options.trusted_proxies)
    limited = DefineMiddleware(RateLimitMiddleware, limiter=around.rate_limiter, limits=limits, metrics=around.metrics)
    return [
        DefineMiddleware(AllowedMethodsMiddleware),
        DefineMiddleware(TimeoutMiddleware, seconds=options.request_seconds),
        DefineMiddleware(
            AuthenticationMiddleware,
            authenticate=around.authenticate,
            redeem_ticket=around.redeem_ticket,
            trace=around.trace,
        ),
        *([limited] if options.rate_policies else []),
    ]
