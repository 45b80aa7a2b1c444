"""/metrics, and what is counted of requests (MON-04)."""

import asyncio
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from httpx import AsyncClient
from litestar.types import Receive, Scope, Send

from app.http.middleware.request_metrics import RequestMetricsMiddleware
from app.http.options import HttpOptions
from infrastructure.observability.memory_metrics import MemoryMetrics
from tests.unit.http.stand_in import BACKEND, Api

TOKEN = "a-token-of-sixteen-bytes"
TEXT = "# HELP sent_total é\n# TYPE sent_total counter\nsent_total 1.0\n"
NAME = "http_request_duration_seconds"


async def test_text_is_answered_as_it_is_when_the_caller_sits_at_this_machine(api: Api, client: AsyncClient) -> None:
    api.export_metrics.answer = TEXT

    response = await client.get("/metrics")

    assert (response.status_code, response.text) == (200, TEXT)
    assert response.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"


@pytest.mark.parametrize(
    "headers",
    [
        {"Accept": "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"},
        {"Accept": "text/plain"},
    ],
)
async def test_text_is_answered_when_a_collector_says_what_it_reads(
    api: Api, client: AsyncClient, headers: dict[str, str]
) -> None:
    api.export_metrics.answer = TEXT

    assert (await client.get("/metrics", headers=headers)).text == TEXT


@pytest.mark.parametrize(
    ("token", "peer", "headers", "status"),
    [
        (None, "192.0.2.7", {}, 403),
        (None, "127.0.0.1", {"X-Forwarded-For": "192.0.2.7"}, 403),
        (None, "192.0.2.7", {"Authorization": f"Bearer {TOKEN}"}, 403),
        (TOKEN, "192.0.2.7", {}, 401),
        (TOKEN, "127.0.0.1", {}, 401),
        (TOKEN, "127.0.0.1", {"Authorization": "Bearer wrong"}, 401),
        (TOKEN, "127.0.0.1", {"Authorization": f"Basic {TOKEN}"}, 401),
        (TOKEN, "127.0.0.1", BACKEND, 401),
        (TOKEN, "192.0.2.7", {"Authorization": f"Bearer {TOKEN}"}, 200),
        (TOKEN, "192.0.2.7", {"Authorization": f"bearer {TOKEN}"}, 200),
    ],
)
async def test_numbers_are_for_those_who_may_read_them_when_asked_for(
    token: str | None, peer: str, headers: dict[str, str], status: int
) -> None:
    api = Api(options=HttpOptions(metrics_token=token))
    api.export_metrics.answer = TEXT
    async with api.client(peer) as client:
        response = await client.get("/metrics", headers=headers)

    assert response.status_code == status
    assert len(api.export_metrics.calls) == (status == 200)


@pytest.mark.parametrize(
    ("method", "path", "labels"),
    [
        ("GET", "/health/live", {"method": "GET", "route": "/health/live", "status": "200"}),
        (
            "GET",
            "/api/v1/notifications/0198a3e5-0000-7000-8000-000000000001",
            {"method": "GET", "route": "/api/v1/notifications/{notification_id}", "status": "401"},
        ),
        ("GET", "/wp-login.php?x=1", {"method": "GET", "route": "(unmatched)", "status": "404"}),
        ("BREW", "/coffee", {"method": "other", "route": "(unmatched)", "status": "404"}),
    ],
)
async def test_request_is_observed_by_its_route_and_never_by_its_path_when_it_is_answered(
    api: Api, client: AsyncClient, method: str, path: str, labels: dict[str, str]
) -> None:
    await client.request(method, path)

    assert len(api.metrics.samples(NAME, **labels)) == 1


@dataclass(slots=True)
class Exchange:
    """One request through the middleware alone, over an application that does what `steps` say."""

    steps: list[str]
    metrics: MemoryMetrics = field(default_factory=MemoryMetrics)

    async def run(self) -> None:
        async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
            for step in self.steps:
                match step:
                    case "fail":
                        raise RuntimeError("no")
                    case "stay":
                        await asyncio.Event().wait()
                    case status:
                        await send({"type": "http.response.start", "status": int(status), "headers": []})

        async def send(_message: object) -> None:
            return

        scope = cast("Any", {"type": "http", "method": "GET", "path": "/x"})  # Any: the rest of a scope plays no part
        await RequestMetricsMiddleware(app, self.metrics)(scope, cast("Receive", None), send)

    def observed(self, status: int) -> int:
        return len(self.metrics.samples(NAME, method="GET", route="(unmatched)", status=str(status)))


async def test_request_is_observed_as_499_when_it_was_never_answered() -> None:
    exchange = Exchange([])
    await exchange.run()
    assert exchange.observed(499) == 1


async def test_request_is_observed_as_500_when_nothing_answers_for_an_error() -> None:
    exchange = Exchange(["fail"])
    with pytest.raises(RuntimeError):
        await exchange.run()
    assert exchange.observed(500) == 1


async def test_stream_is_observed_when_it_begins_and_not_when_it_ends() -> None:
    exchange = Exchange(["200", "stay"])
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await exchange.run()
    assert (exchange.observed(200), exchange.observed(499)) == (1, 0)
