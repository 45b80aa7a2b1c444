"""Nothing to measure."""

from application.metrics.ports import MetricSource
from application.ports.metrics import Metrics


class NoMetricSource(MetricSource):
    """Stands where a driver has no levels of its own."""

    def __init__(self, name: str) -> None:
        self._name = name

    @property
    def name(self) -> str:
        return self._name

    async def measure(self, metrics: Metrics) -> None:
        return
