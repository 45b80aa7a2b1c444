"""The real client and the recording one under one contract."""

from collections import deque
from collections.abc import AsyncIterator, Sequence

import pytest

from application.ports.http_client import HttpClient, HttpFailure, HttpFailureKind, HttpRequest, HttpResponse
from infrastructure.config.egress import EgressSettings
from infrastructure.http_client.httpx2 import Httpx2HttpClient
from infrastructure.http_client.monitored import MonitoredHttpClient
from infrastructure.http_client.resolver import SystemResolver
from infrastructure.memory.recording_http_client import HttpAnswer, RecordingHttpClient
from infrastructure.observability.memory_log import MemoryLog
from infrastructure.observability.memory_metrics import MemoryMetrics
from tests.contracts.http_client_contract import HttpClientContract, HttpRig
from tests.integration.channels.h2_server import Http2Server, abort, h2_server
from tests.integration.channels.h2_server import answer as h2_answer
from tests.integration.channels.http_sink import HttpSink, answer, http_sink, reset


class RecordingHttpRig(HttpRig):
    url = "https://example.com/hook"

    def __init__(self) -> None:
        self._answers: deque[HttpAnswer] = deque()
        self._recording = RecordingHttpClient(self._next)
        self.client: HttpClient = self._recording

    def _next(self, _request: HttpRequest) -> HttpAnswer:
        return self._answers.popleft() if self._answers else HttpResponse(status=200, headers={}, body=b"")

    def received(self) -> Sequence[tuple[str, bytes, str | None]]:
        return [(each.method, each.body, each.headers.get("X-Probe")) for each in self._recording.requests]

    def stage(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self._answers.append(HttpResponse(status=status, headers=headers, body=body))

    def stage_vanishing(self) -> None:
        self._answers.append(HttpFailure(kind=HttpFailureKind.AMBIGUOUS, reason="reset"))


class TestRecordingHttpClient(HttpClientContract):
    @pytest.fixture
    def rig(self) -> HttpRig:
        return RecordingHttpRig()

    async def test_a_list_of_answers_is_used_up_in_order(self) -> None:
        client = RecordingHttpClient([HttpFailure(kind=HttpFailureKind.NOT_SENT, reason="dns")])
        probe = HttpRequest(method="GET", url="https://example.com/")
        assert isinstance(await client.send(probe), HttpFailure)
        assert isinstance(await client.send(probe), HttpResponse)


class TestMonitoredHttpClient(HttpClientContract):
    @pytest.fixture
    def rig(self) -> HttpRig:
        rig = RecordingHttpRig()
        rig.client = MonitoredHttpClient(rig.client, MemoryMetrics())
        return rig


class SinkRig(HttpRig):
    def __init__(self, sink: HttpSink, client: HttpClient) -> None:
        self.client = client
        self.url = sink.url()
        self._sink = sink

    def received(self) -> Sequence[tuple[str, bytes, str | None]]:
        return [(each.method, each.body, each.headers.get("x-probe")) for each in self._sink.requests]

    def stage(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self._sink.replies.append(
            answer(status, body, **{key.replace("-", "_"): value for key, value in headers.items()})
        )

    def stage_vanishing(self) -> None:
        self._sink.replies.append(reset)


class TestHttpx2HttpClient(HttpClientContract):
    @pytest.fixture
    async def rig(self) -> AsyncIterator[HttpRig]:
        client = Httpx2HttpClient(EgressSettings(allow_cidrs=("127.0.0.0/8",)), SystemResolver(), log=MemoryLog)
        async with http_sink() as sink:
            yield SinkRig(sink, client)
            await client.stop()


class Http2Rig(HttpRig):
    http2 = True

    def __init__(self, server: Http2Server, client: HttpClient) -> None:
        self.client = client
        self.url = server.url()
        self._server = server

    def received(self) -> Sequence[tuple[str, bytes, str | None]]:
        return [(each.method, each.body, each.headers.get("x-probe")) for each in self._server.requests]

    def stage(self, status: int, headers: dict[str, str], body: bytes) -> None:
        named = {key.replace("-", "_"): value for key, value in headers.items()}
        self._server.replies.append(h2_answer(status, body, **named))

    def stage_vanishing(self) -> None:
        self._server.replies.append(abort)


class TestHttpx2HttpClientOverHttp2(HttpClientContract):
    @pytest.fixture
    async def rig(self) -> AsyncIterator[HttpRig]:
        client = Httpx2HttpClient(EgressSettings(allow_cidrs=("127.0.0.0/8",)), SystemResolver(), log=MemoryLog)
        async with h2_server() as server:
            yield Http2Rig(server, client)
            await client.stop()
