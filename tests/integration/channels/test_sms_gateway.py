"""Gateways that configuration describes, against a server that keeps what it was asked."""

import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from application.ports.notification_channel import OutboundMessage
from domain.notifications.attempt import AttemptOutcome
from domain.notifications.channel import Channel
from infrastructure.channels.sms.http import HttpSmsProvider
from infrastructure.channels.sms.http_template import SmsGateway
from infrastructure.config.egress import EgressSettings
from infrastructure.http_client.httpx2 import Httpx2HttpClient
from infrastructure.http_client.resolver import SystemResolver
from infrastructure.memory.fixed_clock import FixedClock
from infrastructure.observability.memory_log import MemoryLog
from tests.integration.channels import vendor_messages
from tests.integration.channels.http_sink import HttpSink, answer, http_sink
from tests.integration.channels.vendor_messages import DELIVERY, NOON

OK, RETRYABLE, THROTTLED = AttemptOutcome.OK, AttemptOutcome.RETRYABLE, AttemptOutcome.THROTTLED
OURS, RECIPIENT = AttemptOutcome.PROVIDER_PERMANENT, AttemptOutcome.RECIPIENT_PERMANENT
PHONE = "+491701234567"
TOKEN = "t0ken-of-the-gateway"
JSON_BODY = '{"to": ["{to}"], "text": "{text}", "ref": {"id": "{id}"}, "flash": false, "ttl": 60}'
HOSTILE = [
    'say "hi" \\ {"to": "x"}',
    '", "to": "+19005550000',
    "{id} {to} {text}",
    "a&to=%2B19005550000&x=%00",
    "a\r\nX-Injected: 1\r\n\r\nb",
    "Größe 🎉 ?#/../&=+%",
    "\ud800 lone",
]


def message(**changes: Any) -> OutboundMessage:
    return vendor_messages.message(Channel.SMS, **{"address": {"phone": PHONE}, **changes})


def seen(text: str) -> str:
    """What is left of `text` in an SMS."""
    return text.replace("\r\n", "\n").replace("\ud800", "?")


@pytest.fixture
async def sink() -> AsyncIterator[HttpSink]:
    async with http_sink() as sink:
        yield sink


@pytest.fixture
async def client() -> AsyncIterator[Httpx2HttpClient]:
    client = Httpx2HttpClient(EgressSettings(allow_cidrs=("127.0.0.0/8",)), SystemResolver(), log=MemoryLog)
    yield client
    await client.stop()


def provider(client: Httpx2HttpClient, url: str, **gateway: Any) -> HttpSmsProvider:
    described = SmsGateway(**{"url": url, "body": JSON_BODY, **gateway})
    return HttpSmsProvider("gateway", described, client, FixedClock(NOON))


@pytest.mark.parametrize("text", HOSTILE)
async def test_a_json_body_keeps_its_shape_whatever_the_text(
    sink: HttpSink, client: Httpx2HttpClient, text: str
) -> None:
    report = await provider(client, sink.url("/v1/sms")).send(message(body=text))
    assert (report.outcome, report.status_code, report.message_id) == (OK, 200, None)
    (request,) = sink.requests
    assert (request.method, request.target) == ("POST", "/v1/sms")
    assert request.headers["content-type"] == "application/json"
    assert json.loads(request.body) == {
        "to": [PHONE],
        "text": seen(text),
        "ref": {"id": str(DELIVERY)},
        "flash": False,
        "ttl": 60,
    }


@pytest.mark.parametrize("text", HOSTILE)
async def test_a_form_keeps_its_shape_whatever_the_text(sink: HttpSink, client: Httpx2HttpClient, text: str) -> None:
    body = "user=u%26me&to={digits}&from={from}&text={text}&empty="
    gateway = provider(client, sink.url("/"), body=body, body_format="form", sender="Größe & Co")
    assert (await gateway.send(message(body=text))).outcome is OK
    (request,) = sink.requests
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert parse_qs(request.body.decode("ascii"), keep_blank_values=True, strict_parsing=True) == {
        "user": ["u&me"],
        "to": ["491701234567"],
        "from": ["Größe & Co"],
        "text": [seen(text)],
        "empty": [""],
    }


@pytest.mark.parametrize("text", HOSTILE)
async def test_a_url_keeps_its_shape_whatever_the_text(sink: HttpSink, client: Httpx2HttpClient, text: str) -> None:
    url = sink.url("/send/{digits}?text={text}&id={id}")
    assert (await provider(client, url, method="GET", body=None).send(message(body=text))).outcome is OK
    (request,) = sink.requests
    assert request.method == "GET"
    assert request.body == b""
    assert "content-type" not in request.headers
    parts = urlsplit(request.target)
    assert parts.path == "/send/491701234567"
    assert parse_qs(parts.query, strict_parsing=True) == {"text": [seen(text)], "id": [str(DELIVERY)]}


async def test_headers_are_filled_and_may_name_another_type(sink: HttpSink, client: Httpx2HttpClient) -> None:
    headers = {
        "authorization": f"Bearer {TOKEN}",
        "idempotency-key": "{id}",
        "content-type": "application/vnd.sms+json",
    }
    assert (await provider(client, sink.url("/"), headers=headers).send(message())).outcome is OK
    (request,) = sink.requests
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert request.headers["idempotency-key"] == str(DELIVERY)
    assert request.headers["content-type"] == "application/vnd.sms+json"


@pytest.mark.parametrize(
    ("path", "body", "message_id"),
    [
        ("id", b'{"id": "m-1"}', "m-1"),
        ("messages.0.id", b'{"messages": [{"id": 17}]}', "17"),
        ("messages.1.id", b'{"messages": [{"id": 17}]}', None),
        ("messages.-1.id", b'{"messages": [{"id": 17}]}', None),
        ("id.x", b'{"id": "m-1"}', None),
        ("id", b'{"id": {"x": 1}}', None),
        ("id", b'{"id": ""}', None),
        ("id", b"OK 17", None),
        (None, b'{"id": "m-1"}', None),
    ],
)
async def test_the_message_id_is_found_when_a_path_leads_to_it(
    sink: HttpSink, client: Httpx2HttpClient, path: str | None, body: bytes, message_id: str | None
) -> None:
    sink.replies.append(answer(201, body))
    report = await provider(client, sink.url("/"), message_id_path=path).send(message())
    assert (report.outcome, report.message_id) == (OK, message_id)


@pytest.mark.parametrize(
    ("status", "outcome", "error_code"),
    [
        (202, OK, None),
        (206, OURS, "http_206"),
        (302, OURS, "http_302"),
        (400, OURS, "http_400"),
        (401, OURS, "http_401"),
        (408, RETRYABLE, "http_408"),
        (422, RECIPIENT, "refused_recipient"),
        (429, THROTTLED, "throttled"),
        (500, RETRYABLE, "http_500"),
    ],
)
async def test_an_answer_counts_by_its_status(
    sink: HttpSink, client: Httpx2HttpClient, status: int, outcome: AttemptOutcome, error_code: str | None
) -> None:
    sink.replies.append(answer(status, b"words"))
    report = await provider(client, sink.url("/"), recipient_statuses=(422,)).send(message())
    assert (report.outcome, report.status_code) == (outcome, status)
    assert report.error_code == (error_code and f"sms_gateway.{error_code}")
    assert report.detail == (None if outcome is OK else "words")


async def test_only_what_is_called_a_success_is_one(sink: HttpSink, client: Httpx2HttpClient) -> None:
    gateway = provider(client, sink.url("/"), success_statuses=(299,))
    assert (await gateway.send(message())).error_code == "sms_gateway.http_200"
    sink.replies.append(answer(299))
    assert (await gateway.send(message())).outcome is OK


async def test_secrets_stay_out_when_the_gateway_repeats_them(sink: HttpSink, client: Httpx2HttpClient) -> None:
    url = sink.url("/?api_key=k3y-in-the-url&text={text}")
    body = '{"password": "in-the-body", "to": "{to}"}'
    headers = {"authorization": f"Bearer {TOKEN}", "x-key": "in-the-header"}
    sink.replies.append(answer(403, f"{TOKEN} k3y-in-the-url in-the-body in-the-header".encode()))
    report = await provider(client, url, body=body, headers=headers).send(message())
    assert report.detail == "[hidden] [hidden] [hidden] [hidden]"
    described = SmsGateway(url=url, body=body, headers=headers)
    assert not any(secret in repr(described) for secret in (TOKEN, "k3y-in", "in-the-body", "in-the-header"))


async def test_it_says_when_to_come_back_when_the_gateway_does(sink: HttpSink, client: Httpx2HttpClient) -> None:
    sink.replies.append(answer(503, retry_after="Sun, 01 Mar 2026 12:01:00 GMT"))
    assert (await provider(client, sink.url("/")).send(message())).retry_after == 60.0


async def test_nothing_is_asked_when_the_number_will_not_do(sink: HttpSink, client: Httpx2HttpClient) -> None:
    gateway = provider(client, sink.url("/"))
    assert (await gateway.send(message(address={"phone": "0900 CALL-ME"}))).error_code == "sms.invalid_number"
    assert not sink.requests


async def test_a_blocked_endpoint_is_a_matter_of_configuration(sink: HttpSink) -> None:
    client = Httpx2HttpClient(EgressSettings(), SystemResolver(), log=MemoryLog)
    report = await provider(client, sink.url("/")).send(message())
    await client.stop()
    assert (report.outcome, report.error_code) == (OURS, "sms_gateway.blocked")
