"""What is measured when somebody asks (MON-04)."""

import asyncio

import pytest

from application.metrics.backlog_source import BacklogSource
from application.metrics.export_metrics import ExportMetrics, LatestMeasurement
from application.metrics.ports import Backlog, BacklogReader, MetricSource
from application.notifications.channel_policy import ChannelPolicy
from application.ports.metrics import Metrics
from application.shared.system_scope import SystemScope
from domain.notifications.channel import Channel
from domain.notifications.rounds import RetrySchedule
from infrastructure.observability.memory_log import MemoryLog
from infrastructure.observability.memory_metrics import MemoryMetrics
from infrastructure.observability.prometheus_metrics import PrometheusMetrics


class Look(MetricSource):
    """Sets `looks` to how often it was asked; or raises, or never comes back."""

    def __init__(self, name: str = "look", error: Exception | None = None, *, hangs: bool = False) -> None:
        self._name, self._error, self._hangs = name, error, hangs
        self.looks = 0

    @property
    def name(self) -> str:
        return self._name

    async def measure(self, metrics: Metrics) -> None:
        self.looks += 1
        if self._hangs:
            await asyncio.Event().wait()
        if self._error is not None:
            raise self._error
        metrics.gauge("looks", self.looks)


def over(*sources: MetricSource) -> tuple[ExportMetrics, MemoryLog]:
    metrics, log = PrometheusMetrics(), MemoryLog()
    return ExportMetrics(sources=sources, latest=LatestMeasurement(), metrics=metrics, export=metrics, log=log), log


async def test_hands_out_what_its_sources_have_measured() -> None:
    export_metrics, _ = over(Look())

    lines = (await export_metrics()).splitlines()

    assert {"looks 1.0", 'metrics_source_up{source="look"} 1.0'} <= set(lines)


async def test_tells_the_rest_when_a_source_fails() -> None:
    export_metrics, log = over(Look("broken", OSError("gone")), Look())

    lines = (await export_metrics()).splitlines()

    assert {"looks 1.0", 'metrics_source_up{source="broken"} 0.0', 'metrics_source_up{source="look"} 1.0'} <= set(lines)
    assert log.lines("metrics.source_failed")[0].fields["source"] == "broken"


async def test_tells_the_rest_when_a_source_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("application.metrics.export_metrics.LONGEST_LOOK", 0.01)
    export_metrics, _ = over(Look("slow", hangs=True), Look())

    lines = (await export_metrics()).splitlines()

    assert {"looks 1.0", 'metrics_source_up{source="slow"} 0.0'} <= set(lines)


async def test_looks_once_when_several_collect_at_the_same_time() -> None:
    look = Look()
    export_metrics, _ = over(look)

    await asyncio.gather(*(export_metrics() for _ in range(20)))

    assert look.looks == 1


async def test_looks_again_when_the_last_look_is_old(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("application.metrics.export_metrics.FRESH_SECONDS", 0.0)
    look = Look()
    export_metrics, _ = over(look)

    await export_metrics()
    await export_metrics()

    assert look.looks == 2


class Counted(BacklogReader):
    """Answers what it is told."""

    def __init__(self) -> None:
        self.open: dict[tuple[str, Channel], Backlog] = {}
        self.jobs_open: dict[str, Backlog] = {}
        self.asked: list[frozenset[str]] = []

    async def deliveries(self, scope: SystemScope, queues: frozenset[str]) -> dict[tuple[str, Channel], Backlog]:
        self.asked.append(queues)
        return self.open

    async def jobs(self, scope: SystemScope) -> dict[str, Backlog]:
        return self.jobs_open


def source_over(reader: BacklogReader) -> BacklogSource:
    policies = {
        channel: ChannelPolicy(queue="slow" if channel is Channel.SMS else "notifications", schedule=RetrySchedule(()))
        for channel in Channel
    }
    return BacklogSource(reader, SystemScope(owner="w"), policies, set())


async def test_backlog_is_told_by_queue_channel_and_state() -> None:
    reader, metrics = Counted(), MemoryMetrics()
    reader.open = {("notifications", Channel.EMAIL): Backlog(due=3, later=2, leased=1, oldest_seconds=4.5)}
    reader.jobs_open = {"default": Backlog(due=7, oldest_seconds=9)}

    await source_over(reader).measure(metrics)

    email = {"queue": "notifications", "channel": "email"}
    depth = [metrics.level("delivery_queue_depth", **email, state=state) for state in ("due", "later", "leased")]
    assert (depth, metrics.level("delivery_queue_oldest_seconds", **email)) == ([3, 2, 1], 4.5)
    assert metrics.level("delivery_queue_depth", queue="slow", channel="sms", state="due") == 0
    assert metrics.level("delivery_queue_depth", queue="notifications", channel="in_app", state="due") is None
    assert metrics.level("job_queue_depth", queue="default", state="due") == 7
    assert metrics.level("job_queue_oldest_seconds", queue="default") == 9
    assert reader.asked == [frozenset({"notifications", "slow"})]


async def test_level_goes_back_to_zero_when_a_queue_is_empty_again() -> None:
    reader, metrics = Counted(), MemoryMetrics()
    source = source_over(reader)
    reader.jobs_open = {"default": Backlog(due=7, oldest_seconds=9)}
    await source.measure(metrics)

    reader.jobs_open = {}
    await source.measure(metrics)

    assert metrics.level("job_queue_depth", queue="default", state="due") == 0
    assert metrics.level("job_queue_oldest_seconds", queue="default") == 0
