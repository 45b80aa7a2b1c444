"""Numbers of several processes as one text (ADR 36)."""

from prometheus_client.parser import text_string_to_metric_families

from infrastructure.observability.added_metrics import added_up
from infrastructure.observability.prometheus_metrics import PrometheusMetrics

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def samples(text: str) -> Samples:
    families = text_string_to_metric_families(text)
    return {(each.name, frozenset(each.labels.items())): each.value for family in families for each in family.samples}


def series(name: str, **labels: str) -> tuple[str, frozenset[tuple[str, str]]]:
    return name, frozenset(labels.items())


def process(sent: int, seconds: float, *, depth: float, up: float) -> str:
    metrics = PrometheusMetrics()
    metrics.increment("jobs_settled_total", sent, outcome='a "quoted"\nword')
    metrics.observe("http_request_duration_seconds", seconds, route="/x")
    metrics.gauge("job_queue_depth", depth, queue="default")
    metrics.gauge("metrics_source_up", up, source="backlog")
    metrics.gauge("stream_connections", depth)
    return metrics.exposition()


def test_counters_and_samples_are_added_and_levels_are_what_they_mean_when_two_tell() -> None:
    both = samples(added_up([process(3, 0.004, depth=5, up=1), process(4, 20, depth=7, up=0)]))

    assert both[series("jobs_settled_total", outcome='a "quoted"\nword')] == 7
    assert both[series("http_request_duration_seconds_bucket", route="/x", le="0.005")] == 1
    assert both[series("http_request_duration_seconds_bucket", route="/x", le="+Inf")] == 2
    assert both[series("http_request_duration_seconds_count", route="/x")] == 2
    assert both[series("http_request_duration_seconds_sum", route="/x")] == 20.004
    assert both[series("job_queue_depth", queue="default")] == 7
    assert both[series("metrics_source_up", source="backlog")] == 0
    assert both[series("stream_connections")] == 12


def test_what_one_alone_tells_is_kept_when_others_do_not() -> None:
    other = PrometheusMetrics()
    other.increment("jobs_settled_total", 2, outcome="other")
    other.increment("wake_ups_sent_total")

    both = samples(added_up(["", process(3, 1, depth=1, up=1), other.exposition()]))

    assert both[series("jobs_settled_total", outcome="other")] == 2
    assert both[series("jobs_settled_total", outcome='a "quoted"\nword')] == 3
    assert both[series("wake_ups_sent_total")] == 1


def test_text_is_the_same_when_one_alone_tells() -> None:
    text = process(3, 1, depth=1, up=1)

    assert added_up([text]) == text
    assert added_up([added_up([text])]) == text
    assert added_up([]) == ""


def test_only_what_grows_is_kept_when_levels_are_left_out() -> None:
    past = samples(added_up([process(3, 1, depth=5, up=1)], levels=False))

    assert past[series("jobs_settled_total", outcome='a "quoted"\nword')] == 3
    assert past[series("http_request_duration_seconds_count", route="/x")] == 1
    assert {name for name, _ in past if name in {"job_queue_depth", "process_resident_memory_bytes"}} == set()
