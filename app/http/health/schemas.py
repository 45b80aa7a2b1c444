"""Health as JSON: not enveloped, for probes and dashboards."""

from msgspec import UNSET, Struct, UnsetType

from app.http.version import VERSION
from app.http.wire import Time, time_text
from application.health.check_health import HealthView
from application.health.ports import HealthStatus


class CheckBody(Struct, kw_only=True, rename="camel"):
    """One part."""

    status: HealthStatus
    critical: bool
    latency_ms: float | UnsetType = UNSET
    detail: str | UnsetType = UNSET


class HealthBody(Struct, kw_only=True):
    """The whole; `checks` for callers that may see them."""

    status: HealthStatus
    version: str
    time: Time
    checks: dict[str, CheckBody] | UnsetType = UNSET


class LiveBody(Struct, kw_only=True):
    """The process answers."""

    status: HealthStatus
    version: str


def health_body(view: HealthView, *, with_checks: bool) -> HealthBody:
    """The report as it is answered."""
    body = HealthBody(status=view.status, version=VERSION, time=time_text(view.time))
    if with_checks:
        body.checks = {
            check.name: CheckBody(
                status=check.result.status,
                critical=check.critical,
                latency_ms=UNSET if check.result.latency_ms is None else round(check.result.latency_ms, 2),
                detail=check.result.detail or UNSET,
            )
            for check in view.checks
        }
    return body
