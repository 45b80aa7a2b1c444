"""What is counted of calls to others (MON-05)."""

import asyncio

import pytest

from application.ports.http_client import HttpClient, HttpFailure, HttpFailureKind, HttpRequest, HttpResponse
from infrastructure.http_client.monitored import MonitoredHttpClient
from infrastructure.memory.recording_http_client import RecordingHttpClient
from infrastructure.observability.memory_metrics import MemoryMetrics

NAME = "http_client_request_duration_seconds"
HOOK = HttpRequest(method="POST", url="https://example.com/hook/secret", service="webhook")


class Silent(HttpClient):
    """Never answers."""

    async def send(self, request: HttpRequest) -> HttpResponse | HttpFailure:
        await asyncio.Event().wait()
        raise AssertionError("unreachable")

    def check_url(self, url: str) -> str | None:
        return None


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (HttpResponse(status=204, headers={}, body=b""), "2xx"),
        (HttpResponse(status=503, headers={}, body=b""), "5xx"),
        (HttpFailure(kind=HttpFailureKind.NOT_SENT, reason="dns"), "not_sent"),
        (HttpFailure(kind=HttpFailureKind.AMBIGUOUS, reason="timeout"), "ambiguous"),
    ],
)
async def test_call_is_observed_by_what_it_came_to_when_it_is_over(
    answer: HttpResponse | HttpFailure, outcome: str
) -> None:
    metrics = MemoryMetrics()

    assert await MonitoredHttpClient(RecordingHttpClient([answer]), metrics).send(HOOK) is answer

    assert len(metrics.samples(NAME, service="webhook", method="POST", outcome=outcome)) == 1


async def test_call_is_observed_when_nobody_waits_for_its_answer_any_more() -> None:
    metrics = MemoryMetrics()

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await MonitoredHttpClient(Silent(), metrics).send(HOOK)

    assert len(metrics.samples(NAME, service="webhook", method="POST", outcome="broken_off")) == 1
