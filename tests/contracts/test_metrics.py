"""What every adapter of Metrics and of MetricsExport must do."""

import pytest
from prometheus_client.parser import text_string_to_metric_families

from application.ports.metrics import Metrics, MetricsExport
from infrastructure.observability.memory_metrics import MemoryMetrics
from infrastructure.observability.null_metrics import NullMetrics
from infrastructure.observability.prometheus_metrics import PrometheusMetrics


@pytest.fixture(params=[MemoryMetrics, NullMetrics, PrometheusMetrics])
def metrics(request: pytest.FixtureRequest) -> Metrics:
    made: Metrics = request.param()
    return made


@pytest.fixture(params=[NullMetrics, PrometheusMetrics])
def export(request: pytest.FixtureRequest) -> MetricsExport:
    made: MetricsExport = request.param()
    return made


def test_takes_all_three_kinds_with_and_without_labels_when_recording(metrics: Metrics) -> None:
    metrics.increment("repairs_total")
    metrics.increment("repairs_total", value=0)
    metrics.increment("deliveries_total", 3, channel="email")
    metrics.gauge("open_streams", value=-1)
    metrics.gauge("open_files", 7, kind="inbox")
    metrics.observe("start_seconds", 0.25)
    metrics.observe("send_seconds", 0.25, provider="smtp-a")


def test_labels_may_have_any_name_when_recording(metrics: Metrics) -> None:
    metrics.increment("cache_requests_total", 1, name="templates", self="odd", op="get")
    metrics.gauge("cache_entries", 1, name="templates")
    metrics.observe("cache_seconds", 1, name="templates")


def test_does_not_fail_when_a_name_comes_back_with_other_labels_or_as_another_kind(metrics: Metrics) -> None:
    metrics.increment("deliveries_total", channel="email")
    metrics.increment("deliveries_total", provider="smtp-a")
    metrics.gauge("deliveries_total", 1, channel="email")


def test_exposition_can_be_parsed_when_nothing_was_recorded(export: MetricsExport) -> None:
    assert "deliveries_total" not in {one.name for one in text_string_to_metric_families(export.exposition())}
