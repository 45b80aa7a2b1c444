"""The text that a collector reads (MON-04)."""

import ast
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from infrastructure.observability.metrics_catalogue import HELP, LEVELS
from infrastructure.observability.prometheus_metrics import PrometheusMetrics
from tests.architecture.source import ROOT

Labels = frozenset[tuple[str, str]]


def samples(metrics: PrometheusMetrics, name: str) -> dict[Labels, float]:
    """Of one name, by labels."""
    families = text_string_to_metric_families(metrics.exposition())
    found = [sample for family in families for sample in family.samples if sample.name == name]
    return {frozenset(sample.labels.items()): sample.value for sample in found}


def labels(**values: str) -> Labels:
    return frozenset(values.items())


def test_counters_add_up_by_labels_when_incremented() -> None:
    metrics = PrometheusMetrics()
    metrics.increment("sent_total", channel="email", provider="a")
    metrics.increment("sent_total", 2, provider="a", channel="email")
    metrics.increment("sent_total", channel="sms", provider="a")
    assert samples(metrics, "sent_total") == {
        labels(channel="email", provider="a"): 3,
        labels(channel="sms", provider="a"): 1,
    }


def test_refuses_when_a_counter_would_go_down() -> None:
    with pytest.raises(ValueError, match="sent_total"):
        PrometheusMetrics().increment("sent_total", -1)


def test_keeps_the_last_level_when_a_gauge_is_set_twice() -> None:
    metrics = PrometheusMetrics()
    metrics.gauge("stream_connections", 5)
    metrics.gauge("stream_connections", 3)
    assert samples(metrics, "stream_connections") == {labels(): 3}


def test_samples_fall_into_buckets_when_observed() -> None:
    metrics = PrometheusMetrics()
    for seconds in (0.004, 0.2, 99):
        metrics.observe("send_seconds", seconds, provider="a")
    buckets = samples(metrics, "send_seconds_bucket")
    assert buckets[labels(provider="a", le="0.005")] == 1
    assert buckets[labels(provider="a", le="30.0")] == 2
    assert buckets[labels(provider="a", le="+Inf")] == 3
    assert samples(metrics, "send_seconds_sum")[labels(provider="a")] == pytest.approx(99.204)


def test_label_values_come_back_as_they_were_when_they_need_escaping() -> None:
    metrics = PrometheusMetrics()
    metrics.increment("sent_total", provider='a"b\\c\nd é')
    assert samples(metrics, "sent_total") == {labels(provider='a"b\\c\nd é'): 1}


def test_drops_and_counts_what_does_not_fit_the_kind_or_labels_of_its_name() -> None:
    metrics = PrometheusMetrics()
    metrics.increment("sent_total", channel="email")
    metrics.increment("sent_total", provider="a")
    metrics.gauge("sent_total", 9, channel="email")
    assert samples(metrics, "sent_total") == {labels(channel="email"): 1}
    assert samples(metrics, "metrics_refused_total") == {labels(reason="mismatch"): 2}


def test_drops_and_counts_new_series_when_full() -> None:
    metrics = PrometheusMetrics(max_series=2)
    for route in ("a", "b", "c", "d", "a"):
        metrics.increment("requests_total", route=route)
    assert samples(metrics, "requests_total") == {labels(route="a"): 2, labels(route="b"): 1}
    assert samples(metrics, "metrics_refused_total") == {labels(reason="too_many_series"): 2}


def test_two_registries_know_nothing_of_each_other_when_both_count() -> None:
    one, other = PrometheusMetrics(), PrometheusMetrics()
    one.increment("sent_total")
    assert samples(other, "sent_total") == {}


def test_nothing_is_lost_when_many_threads_count_what_is_new() -> None:
    metrics = PrometheusMetrics()

    def count(number: int) -> None:
        for each in range(100):
            metrics.increment("sent_total", provider=str((number + each) % 10))

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(count, range(8)))
    assert sum(samples(metrics, "sent_total").values()) == 800


def test_the_process_tells_of_itself_and_no_series_of_its_beginning() -> None:
    metrics = PrometheusMetrics()
    metrics.increment("sent_total")
    assert samples(metrics, "process_cpu_seconds_total")
    assert "_created" not in metrics.exposition()


def recorded_names(*kinds: str) -> Iterator[str]:
    """The first argument of every call that records, in the product."""
    for layer in ("app", "application", "infrastructure"):
        for file in Path(ROOT, layer).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text("utf-8"))):
                match node:
                    case ast.Call(func=ast.Attribute(attr=kind), args=[ast.Constant(value=str(name)), *_]) if (
                        kind in kinds
                    ):
                        yield name


def test_every_number_of_the_product_says_what_it_is() -> None:
    recorded = set(recorded_names("increment", "gauge", "observe"))
    assert len(recorded) > 20
    assert recorded - set(HELP) == set()


def test_every_level_of_the_product_says_what_several_of_it_make() -> None:
    levels = set(recorded_names("gauge"))
    assert len(levels) > 3
    assert levels - set(LEVELS) == set()


def test_help_tells_of_nothing_that_is_not_recorded() -> None:
    product = "".join(
        file.read_text("utf-8")
        for layer in ("app", "application", "infrastructure")
        for file in Path(ROOT, layer).rglob("*.py")
        if file.name != "metrics_catalogue.py"
    )
    queues = {f"{kind}_queue_{what}" for kind in ("delivery", "job") for what in ("depth", "oldest_seconds")}
    assert {name for name in HELP if f'"{name}"' not in product} - queues == set()
