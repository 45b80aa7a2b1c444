"""Numbers for Prometheus."""

from typing import Annotated

from infrastructure.config.parsers import sized
from infrastructure.config.section import Section, hidden, key


class MetricsSettings(Section, frozen=True, kw_only=True):
    """Metrics"""

    enabled: Annotated[bool, key("METRICS_ENABLED", "Count what happens, and serve it at /metrics.")] = True
    token: Annotated[
        str | None,
        key(
            "METRICS_TOKEN",
            "Asked of whoever reads /metrics, as a bearer token; without one only this machine may read.",
            parse=sized(16, 1_024),  # 16 random characters of Base64 are 96 bits, beyond guessing
            expects="16 to 1,024 characters",
            mask=hidden,
        ),
    ] = None
    port: Annotated[
        int,
        key(
            "METRICS_PORT",
            "Where a worker or scheduler serves /metrics and /health, on APP_HOST, each its own; 0: nowhere.",
            ge=0,
            le=65_535,
        ),
    ] = 0

    @property
    def driver(self) -> str:
        """`prometheus`, or `none` while nothing is counted."""
        return "prometheus" if self.enabled else "none"
