"""Metrics that nobody reads."""

from application.ports.metrics import Metrics, MetricsExport


class NullMetrics(Metrics, MetricsExport):
    """Forgets everything."""

    def increment(self, name: str, /, value: float = 1, **labels: str) -> None:
        return

    def gauge(self, name: str, /, value: float, **labels: str) -> None:
        return

    def observe(self, name: str, /, value: float, **labels: str) -> None:
        return

    def exposition(self) -> str:
        return ""
