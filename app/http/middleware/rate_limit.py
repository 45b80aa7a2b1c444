"""How often one caller may call."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv6Address, IPv6Network, ip_address
from math import ceil
from typing import Final, cast

from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from app.http.client_ip import IpNetwork, client_ip
from application.ports.metrics import Metrics
from application.ports.rate_limiter import Decision, RateLimiter, RatePolicy
from domain.identity.principal import Principal, PrincipalKind
from domain.shared.errors import TooMany, Unavailable

ANONYMOUS: Final = "anonymous"
SUBSCRIBER: Final = "subscriber"
API_KEY: Final = "api_key"
_POLICY_OF: Final[Mapping[PrincipalKind, str]] = {
    PrincipalKind.API_KEY: API_KEY,
    PrincipalKind.SUBSCRIBER: SUBSCRIBER,
    PrincipalKind.TICKET: SUBSCRIBER,
    PrincipalKind.USER: SUBSCRIBER,
}
# Whoever has one address of a /64 has all of them.
_IPV6_PREFIX: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimits:
    """Policies by name: `anonymous`, `subscriber`, `api_key`, and those that routes name by `opt["rate_limit"]`."""

    policies: Mapping[str, RatePolicy]
    trusted_proxies: Sequence[IpNetwork] = ()


class RateLimitMiddleware:
    """Counts each request for its caller (without a valid credential: for its address), and refuses with 429.

    A route is under the policy of its caller's kind unless it names another one, or `exempt`. Every answer tells where
    the caller stands (draft-ietf-httpapi-ratelimit-headers). A limiter that cannot be asked lets everyone in, and is
    counted. Stands inside of Litestar's routing, behind the authentication.
    """

    def __init__(self, app: ASGIApp, limiter: Callable[[], RateLimiter], limits: RateLimits, metrics: Metrics) -> None:
        self._app = app
        self._limiter = limiter
        self._limits = limits
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP or (policy := self._policy(scope)) is None:
            await self._app(scope, receive, send)
            return
        try:
            decision = await self._limiter().hit(f"{policy.name}:{self._key(scope)}", policy)
        except Unavailable:
            self._metrics.increment("rate_limit_unavailable_total", policy=policy.name)
            await self._app(scope, receive, send)
            return
        if not decision.allowed:
            self._metrics.increment("rate_limit_refusals_total", policy=policy.name)
            raise RateExceeded(policy, decision)
        await self._app(scope, receive, _telling(send, _headers(policy, decision)))

    def _policy(self, scope: HTTPScope) -> RatePolicy | None:
        if scope["method"] == "OPTIONS":
            return None
        named = scope["route_handler"].opt.get("rate_limit")
        principal: Principal = scope["auth"]
        return self._limits.policies.get(named or _POLICY_OF.get(principal.kind, ANONYMOUS))

    def _key(self, scope: HTTPScope) -> str:
        principal: Principal = scope["auth"]
        if principal.kind is PrincipalKind.ANONYMOUS:
            return _network_of(client_ip(scope, self._limits.trusted_proxies))
        return f"{principal.tenant_id}:{principal.id}"


class RateExceeded(TooMany):
    """Rate limit exceeded"""

    def __init__(self, policy: RatePolicy, decision: Decision) -> None:
        super().__init__(f"At most {policy.limit} requests in {policy.window:g} s", retry_after=decision.retry_after)
        self.headers = _headers(policy, decision)


def _headers(policy: RatePolicy, decision: Decision) -> dict[str, str]:
    return {
        "ratelimit-policy": f'"{policy.name}";q={policy.limit};w={ceil(policy.window)}',
        "ratelimit": f'"{policy.name}";r={decision.remaining};t={ceil(decision.reset_after)}',
    }


def _telling(send: Send, headers: Mapping[str, str]) -> Send:
    added = [(name.encode(), value.encode()) for name, value in headers.items()]

    # Not a coroutine function: a stream's pieces go through at the price of a call.
    def send_with_headers(message: Message) -> object:
        if message["type"] == "http.response.start":
            message = cast("Message", {**message, "headers": [*message.get("headers", ()), *added]})
        return send(message)

    return cast("Send", send_with_headers)


def _network_of(ip: str | None) -> str:
    if ip is None:
        return "unknown"
    address = ip_address(ip)
    if isinstance(address, IPv6Address):
        return str(IPv6Network((address, _IPV6_PREFIX), strict=False))
    return ip
