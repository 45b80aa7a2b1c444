"""What the HTTP side can be told."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_network

from app.http.client_ip import IpNetwork
from application.ports.rate_limiter import RatePolicy
from domain.identity.scopes import Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpOptions:
    """Everything the server is told from outside; a value that is left out is what the environment `local` has.

    - `rate_policies` by name; without any, nothing is limited.
    - `docs_path` None: no documentation and no `/openapi.json`.
    - `body_seconds` is for a whole body to arrive, `request_seconds` for the answer to begin.
    - `scopes` are those that API keys can have where only some modules are served.
    - `base_url` is where people reach the installation; over https it means that browsers always do.
    """

    name: str = "Carillon"
    base_url: str | None = None
    scopes: tuple[str, ...] = tuple(Scope)
    max_body_bytes: int = 1_048_576
    body_seconds: float = 15.0
    request_seconds: float = 30.0
    trusted_proxies: tuple[IpNetwork, ...] = ()
    allowed_hosts: tuple[str, ...] = ()
    cors_origins: tuple[str, ...] = ()
    security_headers: bool = True
    hsts_seconds: int = 31_536_000
    compression: bool = True
    rate_policies: Mapping[str, RatePolicy] = field(default_factory=dict)
    docs_path: str | None = "/docs"
    health_details_token: str | None = field(default=None, repr=False)
    metrics_token: str | None = field(default=None, repr=False)

    @property
    def always_https(self) -> bool:
        """Whether nobody comes here without TLS, wherever that ends."""
        return self.base_url is not None and self.base_url.startswith("https:")


def networks(cidrs: tuple[str, ...]) -> tuple[IpNetwork, ...]:
    """`10.0.0.0/8` as a network; ValueError for what is none."""
    return tuple(ip_network(cidr) for cidr in cidrs)
