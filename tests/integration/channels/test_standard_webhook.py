"""Webhooks against a real server and the reference verifier."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from types import MappingProxyType
from uuid import uuid4

import pytest
from standardwebhooks.webhooks import Webhook

from application.ports.notification_channel import OutboundMessage
from domain.notifications.attempt import AttemptOutcome
from domain.notifications.channel import Channel
from infrastructure.channels.webhook.standard import StandardWebhookProvider, payload
from infrastructure.config.egress import EgressSettings
from infrastructure.http_client.httpx2 import Httpx2HttpClient
from infrastructure.http_client.monitored import MonitoredHttpClient
from infrastructure.http_client.resolver import SystemResolver
from infrastructure.memory.fixed_clock import FixedClock
from infrastructure.memory.recording_http_client import RecordingHttpClient
from infrastructure.observability.memory_log import MemoryLog
from infrastructure.observability.memory_metrics import MemoryMetrics
from infrastructure.system.clock import SystemClock
from tests.integration.channels.http_sink import HttpSink, answer, http_sink

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
DEFAULT_SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
RECIPIENT = AttemptOutcome.RECIPIENT_PERMANENT


@pytest.fixture
async def sink() -> AsyncIterator[HttpSink]:
    async with http_sink() as sink:
        yield sink


@pytest.fixture
async def client() -> AsyncIterator[Httpx2HttpClient]:
    client = Httpx2HttpClient(EgressSettings(allow_cidrs=("127.0.0.0/8",)), SystemResolver(), log=MemoryLog)
    yield client
    await client.stop()


def message(**address: str) -> OutboundMessage:
    return OutboundMessage(
        delivery_id=uuid4(),
        notification_id=uuid4(),
        tenant_id="default",
        subscriber_id="u1",
        channel=Channel.WEBHOOK,
        address=address,
        title="Größe",
        body="Your order is on its way",
        created_at=datetime(2026, 3, 1, 13, 0, tzinfo=timezone(timedelta(hours=1))),
        data={"orderId": 42, "nested": {"a": [1, None]}},
        actions=[{"id": "track", "label": "Track", "url": "https://example.com"}],
        severity="high",
        tags=["orders"],
    )


async def test_the_receiver_verifies_what_arrives(sink: HttpSink, client: Httpx2HttpClient) -> None:
    sent = message(url=sink.url(), secret=SECRET)
    report = await StandardWebhookProvider("hook", client, SystemClock()).send(sent)
    assert (report.outcome, report.status_code, report.error_code) == (AttemptOutcome.OK, 200, None)
    (request,) = sink.requests
    assert Webhook(SECRET).verify(request.body, request.headers) == {
        "type": "notification",
        "timestamp": "2026-03-01T12:00:00.000Z",
        "data": {
            "id": str(sent.delivery_id),
            "notificationId": str(sent.notification_id),
            "subscriberId": "u1",
            "title": "Größe",
            "body": "Your order is on its way",
            "data": {"orderId": 42, "nested": {"a": [1, None]}},
            "actions": [{"id": "track", "label": "Track", "url": "https://example.com"}],
            "severity": "high",
            "tags": ["orders"],
        },
    }
    assert request.method == "POST"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["webhook-id"] == str(sent.delivery_id)


async def test_a_retry_keeps_id_and_body_and_has_a_new_time(sink: HttpSink, client: Httpx2HttpClient) -> None:
    clock = FixedClock(datetime(2026, 3, 1, 12, 0, tzinfo=UTC))
    provider = StandardWebhookProvider("hook", client, clock)
    sent = message(url=sink.url(), secret=SECRET)
    await provider.send(sent)
    clock.advance(seconds=300)
    await provider.send(sent)
    first, second = sink.requests
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body
    assert int(second.headers["webhook-timestamp"]) - int(first.headers["webhook-timestamp"]) == 300
    assert first.headers["webhook-signature"] != second.headers["webhook-signature"]


async def test_the_default_secret_signs_when_the_receiver_has_none(sink: HttpSink, client: Httpx2HttpClient) -> None:
    provider = StandardWebhookProvider("hook", client, SystemClock(), default_secret=DEFAULT_SECRET)
    await provider.send(message(url=sink.url()))
    await provider.send(message(url=sink.url(), secret=SECRET))
    first, second = sink.requests
    assert Webhook(DEFAULT_SECRET).verify(first.body, first.headers)
    assert Webhook(SECRET).verify(second.body, second.headers)


async def test_the_trace_goes_along_when_there_is_one(sink: HttpSink, client: Httpx2HttpClient) -> None:
    traces = iter(["00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", None])
    provider = StandardWebhookProvider("hook", client, SystemClock(), traceparent=lambda: next(traces))
    for _ in range(2):
        await provider.send(message(url=sink.url(), secret=SECRET))
    first, second = sink.requests
    assert first.headers["traceparent"].startswith("00-4bf9")
    assert "traceparent" not in second.headers


async def test_nothing_is_sent_unsigned() -> None:
    client = RecordingHttpClient()
    report = await StandardWebhookProvider("hook", client, SystemClock()).send(message(url="https://example.com"))
    assert (report.outcome, report.error_code) == (AttemptOutcome.PROVIDER_PERMANENT, "webhook.no_signing_secret")
    assert not client.requests


async def test_a_receiver_with_a_broken_secret_is_refused_without_quoting_it() -> None:
    client = RecordingHttpClient()
    provider = StandardWebhookProvider("hook", client, SystemClock(), default_secret=DEFAULT_SECRET)
    report = await provider.send(message(url="https://example.com", secret="hunter2?!"))
    assert (report.outcome, report.error_code) == (RECIPIENT, "webhook.invalid_secret")
    assert "hunter2" not in repr(report)
    assert not client.requests


async def test_call_is_counted_as_one_of_a_webhook_when_it_is_sent() -> None:
    metrics = MemoryMetrics()
    client = MonitoredHttpClient(RecordingHttpClient(), metrics)
    await StandardWebhookProvider("hook", client, SystemClock()).send(message(url="https://example.com", secret=SECRET))
    labels = {"service": "webhook", "method": "POST", "outcome": "2xx"}
    assert len(metrics.samples("http_client_request_duration_seconds", **labels)) == 1


def test_a_broken_default_secret_fails_when_configured() -> None:
    with pytest.raises(ValueError, match="base64"):
        StandardWebhookProvider("hook", RecordingHttpClient(), SystemClock(), default_secret="hunter2?!")


async def test_what_the_endpoint_said_is_kept_without_secrets(sink: HttpSink, client: Httpx2HttpClient) -> None:
    url = sink.url("/hooks/T0123456789ABCDEFGH?token=s3cr3t-token")
    said = {"error": "no", "url": url, "path": "/hooks/T0123456789ABCDEFGH", "key": SECRET, "q": "token=s3cr3t-token"}
    sink.otherwise = answer(500, json.dumps(said).encode())
    report = await StandardWebhookProvider("hook", client, SystemClock()).send(message(url=url, secret=SECRET))
    assert (report.outcome, report.error_code) == (AttemptOutcome.RETRYABLE, "webhook.http_500")
    assert report.detail is not None
    assert '"error": "no"' in report.detail
    for secret in ("T0123456789ABCDEFGH", "s3cr3t-token", SECRET):
        assert secret not in report.detail


async def test_b30_a_blocked_address_ends_the_delivery_and_leaks_nothing(sink: HttpSink) -> None:
    sink.otherwise = answer(200, b"canary of an internal service")
    closed = Httpx2HttpClient(EgressSettings(ports=(80, 443, sink.port)), SystemResolver(), log=MemoryLog)
    provider = StandardWebhookProvider("hook", closed, SystemClock(), default_secret=DEFAULT_SECRET)
    for url in (sink.url(), sink.url(host="localhost"), "file:///etc/passwd", "http://a:b@example.com/"):
        report = await provider.send(message(url=url))
        assert (report.outcome, report.error_code) == (RECIPIENT, "webhook.blocked_ip")
        assert (report.status_code, report.detail) == (None, "address not allowed")
    assert sink.connections == 0
    await closed.stop()


async def test_b30_a_redirect_ends_the_delivery(sink: HttpSink, client: Httpx2HttpClient) -> None:
    sink.otherwise = answer(302, b"", location="http://169.254.169.254/latest/meta-data")
    provider = StandardWebhookProvider("hook", client, SystemClock(), default_secret=DEFAULT_SECRET)
    report = await provider.send(message(url=sink.url()))
    assert (report.outcome, report.error_code, report.status_code) == (RECIPIENT, "webhook.redirect", 302)
    assert len(sink.requests) == 1


async def test_f15_retry_after_is_reported_as_asked(sink: HttpSink, client: Httpx2HttpClient) -> None:
    sink.replies.extend([answer(429, b"", retry_after="1000000000"), answer(429, b"", retry_after="soon")])
    provider = StandardWebhookProvider("hook", client, SystemClock(), default_secret=DEFAULT_SECRET)
    reports = [await provider.send(message(url=sink.url())) for _ in range(2)]
    assert [report.retry_after for report in reports] == [1e9, None]
    assert {report.outcome for report in reports} == {AttemptOutcome.THROTTLED}


def test_a_message_does_not_mind_frozen_data() -> None:
    frozen = replace(message(), data=MappingProxyType({"a": 1}), tags=("x",))
    assert json.loads(payload(frozen))["data"]["data"] == {"a": 1}
