"""The HTTP application of this process, from its container."""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, cast

from litestar import Litestar

from app.bootstrap.lifespan import Startable, running
from app.bootstrap.modules import Facade, Module, enabled_modules
from app.bootstrap.signals import before_shutdown
from app.http.dependencies import Provider, expose
from app.http.docs.controller import docs_router
from app.http.factory import Lifespan, Routes, Surroundings, create_http_app
from app.http.middleware.rate_limit import ANONYMOUS, API_KEY, SUBSCRIBER
from app.http.options import HttpOptions, networks
from application.ports.log import Log
from application.ports.metrics import Metrics
from application.ports.rate_limiter import RatePolicy
from application.ports.trace_context import TraceContext
from container import Container
from domain.identity.scopes import Scope
from infrastructure.config.rate_limit import RateLimitSettings
from infrastructure.config.settings import Settings


class Current:
    """Stands for what a provider gives at the moment of each call, so that an override reaches an app that is built."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider

    def __getattr__(self, name: str) -> Any:  # Any: whatever the port has under that name
        return getattr(self._provider(), name)


class CurrentPolicies(Mapping[str, RatePolicy]):
    """The limits as the settings have them at the moment of each call, which may change while the process runs."""

    def __init__(self, container: Container) -> None:
        self._container = container
        self._read: RateLimitSettings | None = None
        self._policies: Mapping[str, RatePolicy] = {}

    def __getitem__(self, name: str) -> RatePolicy:
        return self._now()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._now())

    def __len__(self) -> int:
        return len(self._now())

    def _now(self) -> Mapping[str, RatePolicy]:
        limits = self._container.settings().rate_limit
        if limits is not self._read:
            self._read, self._policies = limits, _policies(limits)
        return self._policies


def create_app(container: Container, parts: Sequence[Startable] = ()) -> Litestar:
    """The application over a container, of the modules that its settings enable.

    `parts` start and stop with it, in their order. Every use case is asked of the container at each request.
    """
    settings = container.settings()
    modules = [module for module in enabled_modules(settings.app.modules_enabled) if module.served(settings)]
    options = replace(http_options(settings), scopes=_scopes(container))
    if options.rate_policies:
        options = replace(options, rate_policies=CurrentPolicies(container))
    documentation = [docs_router(options.docs_path)] if options.docs_path else []
    return create_http_app(
        Routes(
            api=[controller for module in modules for controller in module.api],
            root=[*documentation, *(controller for module in modules for controller in module.root)],
        ),
        expose(_providers(container, modules)),
        _surroundings(container),
        options,
        lifespan=[_lifespan(container, parts)],
    )


def create_operations_app(container: Container) -> Litestar:
    """What is about the process itself and nothing else, without limits; nothing starts or stops with it."""
    settings = container.settings()
    modules = [
        module
        for module in enabled_modules(settings.app.modules_enabled)
        if module.about_process and module.served(settings)
    ]
    return create_http_app(
        Routes(root=[controller for module in modules for controller in module.root]),
        expose(_providers(container, modules)),
        _surroundings(container),
        replace(http_options(settings), rate_policies={}),
    )


def _scopes(container: Container) -> tuple[str, ...]:
    enabled = container.enabled_scopes()
    return tuple(scope for scope in Scope if scope in enabled)


def http_options(settings: Settings) -> HttpOptions:
    """What the settings say about HTTP."""
    return HttpOptions(
        name=settings.app.name,
        base_url=settings.app.base_url,
        max_body_bytes=settings.app.max_body_size,
        request_seconds=settings.app.request_timeout,
        trusted_proxies=networks(settings.app.trusted_proxies),
        allowed_hosts=settings.http.allowed_hosts,
        cors_origins=settings.http.cors_origins,
        security_headers=settings.http.security_headers,
        hsts_seconds=settings.http.hsts_seconds,
        compression=settings.http.compression == "gzip",
        rate_policies=_policies(settings.rate_limit),
        docs_path=settings.docs.path if settings.docs.enabled else None,
        health_details_token=settings.health.details_token,
        metrics_token=settings.metrics.token,
    )


def _policies(limits: RateLimitSettings) -> dict[str, RatePolicy]:
    if not limits.enabled:
        return {}
    chosen = {ANONYMOUS: limits.default_anonymous, SUBSCRIBER: limits.subscriber, API_KEY: limits.api_key}
    return {name: RatePolicy(name=name, limit=each.limit, window=each.window) for name, each in chosen.items()}


def _surroundings(container: Container) -> Surroundings:
    return Surroundings(
        trace=cast("TraceContext", Current(container.trace_context)),
        log=_current_log(container),
        metrics=cast("Metrics", Current(container.metrics)),
        new_request_id=lambda: str(container.ids().new()),
        authenticate=container.authenticate_caller,
        redeem_ticket=container.redeem_ticket,
        rate_limiter=container.rate_limiter,
    )


def _current_log(container: Container) -> Log:
    return cast("Log", Current(container.log))


def _providers(container: Container, modules: Sequence[Module]) -> Iterator[tuple[str, Provider]]:
    for module in modules:
        yield from ((name, getattr(container, name)) for name in module.use_cases)
        yield from ((name, _made_of(container, facade)) for name, facade in module.facades.items())


def _made_of(container: Container, facade: Facade) -> Callable[[], object]:
    return lambda: facade.make(**{part: getattr(container, part)() for part in facade.parts})


def _lifespan(container: Container, parts: Sequence[Startable]) -> Lifespan:
    @asynccontextmanager
    async def lifespan(_app: Litestar) -> AsyncIterator[None]:
        stop_timeout = container.settings().app.shutdown_timeout
        async with running(parts, log=_current_log(container), stop_timeout=stop_timeout):
            with before_shutdown(container.stream_hub().close_all):
                yield

    return lifespan
