"""What every HTTP answer is wrapped in."""

from typing import Annotated, Literal

from infrastructure.config.parsers import hosts, origins, seconds
from infrastructure.config.section import Section, key


class HttpSettings(Section, frozen=True, kw_only=True):
    """HTTP"""

    cors_origins: Annotated[
        tuple[str, ...],
        key(
            "CORS_ORIGINS",
            "Web origins whose pages may call us; none but our own by default.",
            parse=origins,
            expects="origins such as https://app.example.com",
        ),
    ] = ()
    allowed_hosts: Annotated[
        tuple[str, ...],
        key(
            "ALLOWED_HOSTS",
            "Host headers that are answered; any when not set. Closes DNS rebinding.",
            parse=hosts,
            expects="host names",
        ),
    ] = ()
    security_headers: Annotated[
        bool, key("SECURITY_HEADERS", "CSP, nosniff, frame and referrer rules; off only behind a proxy that sets them.")
    ] = True
    hsts_seconds: Annotated[
        int,
        key(
            "HSTS_SECONDS",
            "How long browsers insist on HTTPS after a visit over it; preload lists ask for a year, 0 is never.",
            parse=seconds,
            ge=0,
            le=63_072_000,
        ),
    ] = 31_536_000
    compression: Annotated[
        Literal["gzip", "none"], key("COMPRESSION", "Of answers, never of streams; none when a proxy does it.")
    ] = "gzip"
