"""Metrics in the format of Prometheus."""

from collections.abc import Iterable, Mapping
from threading import Lock
from typing import Final, TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.metrics_core import Metric
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from application.ports.metrics import Metrics, MetricsExport
from infrastructure.observability.metrics_catalogue import BUCKETS, HELP

MAX_SERIES: Final = 5_000
_REFUSED: Final = "metrics_refused_total"

Kind = TypeVar("Kind", bound=MetricWrapperBase)


class PrometheusMetrics(Metrics, MetricsExport):
    """Keeps one number per series and bucket, in a registry of its own; brings CPU, memory and files of the process.

    Bounded: what would make series number `max_series` + 1 is dropped, as is what does not fit the kind and the labels
    that its name was first used with; `metrics_refused_total` counts both by `reason`.
    """

    def __init__(self, *, max_series: int = MAX_SERIES) -> None:
        self._max_series = max_series
        self._lock = Lock()
        self._families: dict[str, MetricWrapperBase] = {}
        self._labels: dict[str, tuple[str, ...]] = {}
        self._series: set[tuple[str, tuple[str, ...]]] = set()
        # Series by kind, name and labels as they were given, which is how all but the first number find theirs.
        self._known: dict[tuple[object, ...], MetricWrapperBase] = {}
        # Never the registry of the library: that is one for all containers of a process.
        self._registry = CollectorRegistry()
        self._refused = Counter(_REFUSED, "Numbers that were not kept.", ("reason",), registry=self._registry)
        ProcessCollector(registry=self._registry)

    def increment(self, name: str, /, value: float = 1, **labels: str) -> None:
        if value < 0:
            raise ValueError(f"counter {name} cannot go down by {-value}")
        counter = self._series_of(Counter, name, labels)
        if counter is not None:
            counter.inc(value)

    def gauge(self, name: str, /, value: float, **labels: str) -> None:
        gauge = self._series_of(Gauge, name, labels)
        if gauge is not None:
            gauge.set(value)

    def observe(self, name: str, /, value: float, **labels: str) -> None:
        histogram = self._series_of(Histogram, name, labels)
        if histogram is not None:
            histogram.observe(value)

    def exposition(self) -> str:
        return generate_latest(_WithoutCreated(self._registry)).decode()

    def _series_of(self, kind: type[Kind], name: str, labels: Mapping[str, str]) -> Kind | None:
        given = (kind, name, *labels.items())
        known = self._known.get(given)
        if isinstance(known, kind):
            return known
        found = self._new_series_of(kind, name, labels)
        if found is not None:
            self._known[given] = found
        return found

    def _new_series_of(self, kind: type[Kind], name: str, labels: Mapping[str, str]) -> Kind | None:
        names = tuple(sorted(labels))
        values = tuple(labels[each] for each in names)
        with self._lock:
            family = self._families.get(name) or self._family(kind, name, names)
            if not isinstance(family, kind) or self._labels[name] != names:
                self._refused.labels("mismatch").inc()
                return None
            if (name, values) not in self._series:
                if len(self._series) >= self._max_series:
                    self._refused.labels("too_many_series").inc()
                    return None
                self._series.add((name, values))
        return family.labels(*values) if names else family

    def _family(self, kind: type[MetricWrapperBase], name: str, labels: tuple[str, ...]) -> MetricWrapperBase:
        text = HELP.get(name, "")
        if kind is Histogram:
            made: MetricWrapperBase = Histogram(name, text, labels, buckets=BUCKETS, registry=self._registry)
        else:
            made = kind(name, text, labels, registry=self._registry)
        self._families[name], self._labels[name] = made, labels
        return made


class _WithoutCreated(Collector):
    """The registry without the time at which each series began: it would be a third more of what nobody asks for."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry

    def collect(self) -> Iterable[Metric]:
        for family in self._registry.collect():
            family.samples = [sample for sample in family.samples if not sample.name.endswith("_created")]
            yield family
