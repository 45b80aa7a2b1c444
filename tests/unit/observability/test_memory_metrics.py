import pytest

from infrastructure.observability.memory_metrics import MemoryMetrics


def test_counts_by_name_and_labels_when_incremented() -> None:
    metrics = MemoryMetrics()
    metrics.increment("sent_total", channel="email", provider="a")
    metrics.increment("sent_total", 2, provider="a", channel="email")
    metrics.increment("sent_total", channel="sms", provider="a")
    assert metrics.count("sent_total", channel="email", provider="a") == 3
    assert metrics.count("sent_total", channel="sms", provider="a") == 1
    assert metrics.count("sent_total") == 0


def test_refuses_when_a_counter_would_go_down() -> None:
    with pytest.raises(ValueError, match="sent_total"):
        MemoryMetrics().increment("sent_total", -1)


def test_keeps_the_last_level_when_a_gauge_is_set_twice() -> None:
    metrics = MemoryMetrics()
    metrics.gauge("open_streams", 5)
    metrics.gauge("open_streams", 3)
    assert metrics.level("open_streams") == 3
    assert metrics.level("closed_streams") is None


def test_forgets_the_oldest_samples_when_there_are_too_many() -> None:
    metrics = MemoryMetrics(max_samples=3)
    for sample in range(5):
        metrics.observe("send_seconds", sample, provider="a")
    assert metrics.samples("send_seconds", provider="a") == (2, 3, 4)


def test_refuses_and_counts_new_series_when_full() -> None:
    metrics = MemoryMetrics(max_series=2)
    for route in ("a", "b", "c", "a"):
        metrics.increment("requests_total", route=route)
    assert metrics.count("requests_total", route="a") == 2
    assert metrics.count("requests_total", route="c") == 0
    assert metrics.refused == 1
