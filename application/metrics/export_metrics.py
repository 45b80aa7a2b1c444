"""What this process has counted, for whoever collects it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic

from application.metrics.ports import MetricSource
from application.ports.log import Log
from application.ports.metrics import Metrics, MetricsExport

LONGEST_LOOK = 2.0
# Several collectors share one look; theirs come each 15 to 60 seconds.
FRESH_SECONDS = 5.0


class LatestMeasurement:
    """When the sources were last asked, and which queues had jobs: state of one process."""

    def __init__(self) -> None:
        self.looking = asyncio.Lock()
        self.queues: set[str] = set()
        self._at: float | None = None

    @property
    def fresh(self) -> bool:
        """Whether that is so short a while ago that they need not be asked again."""
        return self._at is not None and monotonic() - self._at < FRESH_SECONDS

    def taken(self) -> None:
        """They were asked now."""
        self._at = monotonic()


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportMetrics:
    """Ask the sources for their levels, and hand out everything there is.

    - Never fails because of a source: one that fails or does not answer within two seconds leaves its levels as they
      were, and `metrics_source_up` tells.
    - The sources are asked at once, and every five seconds at most.
    """

    sources: Sequence[MetricSource]
    latest: LatestMeasurement
    metrics: Metrics
    export: MetricsExport
    log: Log

    async def __call__(self) -> str:
        async with self.latest.looking:
            if not self.latest.fresh:
                await asyncio.gather(*(self._ask(source) for source in self.sources))
                self.latest.taken()
        return self.export.exposition()

    async def _ask(self, source: MetricSource) -> None:
        try:
            async with asyncio.timeout(LONGEST_LOOK):
                await source.measure(self.metrics)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with a source, the others are wanted
            self.log.warning("metrics.source_failed", source=source.name, error=str(error), kind=type(error).__name__)
            self.metrics.gauge("metrics_source_up", 0, source=source.name)
        else:
            self.metrics.gauge("metrics_source_up", 1, source=source.name)
