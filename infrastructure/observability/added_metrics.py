"""Numbers of several processes as one text."""

from collections.abc import Callable, Iterable
from operator import add
from typing import Final

from prometheus_client import generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector
from prometheus_client.samples import Sample

from infrastructure.observability.metrics_catalogue import LEVELS

# What only ever grows, until its process ends.
_GROWING: Final = frozenset({"counter", "histogram"})
_Series = tuple[str, tuple[tuple[str, str], ...]]


def added_up(expositions: Iterable[str], *, levels: bool = True) -> str:
    """One text in the format of Prometheus from the texts of several processes.

    Counters and histograms are added, levels are put together as `LEVELS` has it, or left out.
    """
    families: dict[str, Metric] = {}
    values: dict[str, dict[_Series, float]] = {}
    for family in (each for text in expositions for each in text_string_to_metric_families(text)):
        if levels or family.type in _GROWING:
            families.setdefault(family.name, family)
            _put_together(values.setdefault(family.name, {}), family.samples, LEVELS.get(family.name, add))
    for name, family in families.items():
        family.samples = [Sample(sample, dict(labels), value) for (sample, labels), value in values[name].items()]
    return generate_latest(_Families(families.values())).decode()


def _put_together(
    values: dict[_Series, float], samples: Iterable[Sample], rule: Callable[[float, float], float]
) -> None:
    for sample in samples:
        series = sample.name, tuple(sample.labels.items())
        values[series] = rule(values[series], sample.value) if series in values else sample.value


class _Families(Collector):
    """Families as a registry would hand them out."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families
