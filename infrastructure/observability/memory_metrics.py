"""Metrics that can be read back in the same process."""

from collections import deque
from collections.abc import Mapping
from threading import Lock

from application.ports.metrics import Metrics

_Series = tuple[str, frozenset[tuple[str, str]]]


class MemoryMetrics(Metrics):
    """Keeps every series in memory: for tests and for figures that the process shows about itself.

    Bounded: `max_series` series of each kind, of which further ones are refused and counted in `refused`, and the last
    `max_samples` samples of each distribution, of which the oldest are forgotten.
    """

    def __init__(self, *, max_series: int = 10_000, max_samples: int = 1_000) -> None:
        self._max_series = max_series
        self._max_samples = max_samples
        self._counters: dict[_Series, float] = {}
        self._gauges: dict[_Series, float] = {}
        self._samples: dict[_Series, deque[float]] = {}
        self._lock = Lock()
        self.refused = 0

    def increment(self, name: str, /, value: float = 1, **labels: str) -> None:
        if value < 0:
            raise ValueError(f"counter {name} cannot go down by {-value}")
        key = _series(name, labels)
        with self._lock:
            if self._has_room(self._counters, key):
                self._counters[key] = self._counters.get(key, 0) + value

    def gauge(self, name: str, /, value: float, **labels: str) -> None:
        key = _series(name, labels)
        with self._lock:
            if self._has_room(self._gauges, key):
                self._gauges[key] = value

    def observe(self, name: str, /, value: float, **labels: str) -> None:
        key = _series(name, labels)
        with self._lock:
            if self._has_room(self._samples, key):
                self._samples.setdefault(key, deque(maxlen=self._max_samples)).append(value)

    def count(self, name: str, /, **labels: str) -> float:
        """The counter with exactly these labels, 0 if it was never incremented."""
        return self._counters.get(_series(name, labels), 0)

    def level(self, name: str, /, **labels: str) -> float | None:
        """The gauge with exactly these labels."""
        return self._gauges.get(_series(name, labels))

    def samples(self, name: str, /, **labels: str) -> tuple[float, ...]:
        """The samples with exactly these labels, oldest first."""
        with self._lock:
            return tuple(self._samples.get(_series(name, labels), ()))

    def _has_room(self, store: Mapping[_Series, object], key: _Series) -> bool:
        room = key in store or len(store) < self._max_series
        self.refused += not room
        return room


def _series(name: str, labels: dict[str, str]) -> _Series:
    return name, frozenset(labels.items())
