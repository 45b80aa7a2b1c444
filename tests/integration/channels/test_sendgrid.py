"""SendGrid, as its API reference says."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from application.ports.notification_channel import OutboundMessage
from domain.notifications.attempt import AttemptOutcome
from domain.notifications.channel import Channel
from infrastructure.channels.email.mime import EmailComposer
from infrastructure.channels.email.sendgrid import SendGridAccount, SendGridProvider
from infrastructure.config.egress import EgressSettings
from infrastructure.http_client.httpx2 import Httpx2HttpClient
from infrastructure.http_client.resolver import SystemResolver
from infrastructure.memory.fixed_clock import FixedClock
from infrastructure.memory.recording_http_client import RecordingHttpClient
from infrastructure.observability.memory_log import MemoryLog
from tests.integration.channels import vendor_messages
from tests.integration.channels.http_sink import answer, http_sink
from tests.integration.channels.sendgrid_server import KEY, SendGridServer, refusal
from tests.integration.channels.vendor_messages import DELIVERY, NOON

OK, RETRYABLE, THROTTLED = AttemptOutcome.OK, AttemptOutcome.RETRYABLE, AttemptOutcome.THROTTLED
OURS, RECIPIENT = AttemptOutcome.PROVIDER_PERMANENT, AttemptOutcome.RECIPIENT_PERMANENT


def message(**changes: Any) -> OutboundMessage:
    return vendor_messages.message(Channel.EMAIL, **{"address": {"email": "ada@example.com", "name": "Ada"}, **changes})


def provider(client: Any, url: str, *, key: str = KEY) -> SendGridProvider:
    composer = EmailComposer("Carillon <no-reply@carillon.example>", FixedClock(NOON))
    account = SendGridAccount(api_key=key)
    return SendGridProvider("sendgrid", account, client, composer, FixedClock(NOON), base_url=url)


@pytest.fixture
async def server() -> AsyncIterator[SendGridServer]:
    async with http_sink() as sink:
        yield SendGridServer(sink)


@pytest.fixture
async def client() -> AsyncIterator[Httpx2HttpClient]:
    client = Httpx2HttpClient(EgressSettings(allow_cidrs=("127.0.0.0/8",)), SystemResolver(), log=MemoryLog)
    yield client
    await client.stop()


@pytest.fixture
def sendgrid(server: SendGridServer, client: Httpx2HttpClient) -> SendGridProvider:
    return provider(client, server.url)


async def test_the_body_is_the_documented_one_when_a_mail_is_sent(
    server: SendGridServer, sendgrid: SendGridProvider
) -> None:
    url = "https://carillon.example/u/1"
    report = await sendgrid.send(message(title="Größe 🎉", html="<p>Grüße</p>", unsubscribe_url=url))
    assert (report.outcome, report.status_code, report.message_id) == (OK, 202, "sg-1")
    assert server.accepted == [
        {
            "personalizations": [
                {
                    "to": [{"email": "ada@example.com", "name": "Ada"}],
                    "custom_args": {"delivery_id": str(DELIVERY)},
                }
            ],
            "from": {"email": "no-reply@carillon.example", "name": "Carillon"},
            "subject": "Größe 🎉",
            "content": [
                {"type": "text/plain", "value": "Your order is on its way"},
                {"type": "text/html", "value": "<p>Grüße</p>"},
            ],
            "headers": {
                "Message-ID": f"<{DELIVERY}@carillon.example>",
                "Auto-Submitted": "auto-generated",
                "List-Unsubscribe": f"<{url}>",
                "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            },
        }
    ]


async def test_our_own_template_is_used_when_no_html_was_rendered(
    server: SendGridServer, sendgrid: SendGridProvider
) -> None:
    actions = [{"label": "Track", "url": "https://example.com/t"}]
    assert (await sendgrid.send(message(actions=actions, body="<b>"))).outcome is OK
    plain, html = server.accepted[0]["content"]
    assert plain["value"] == "<b>\n\nTrack: https://example.com/t"
    assert "&lt;b&gt;</p>" in html["value"]


@pytest.mark.parametrize(
    ("changes", "subject", "kinds"),
    [
        ({"title": "", "body": "First\nsecond"}, "First second", ["text/plain", "text/html"]),
        ({"title": "", "body": "x" * 500}, "x" * 78, ["text/plain", "text/html"]),
        ({"title": "Only a title", "body": ""}, "Only a title", ["text/html"]),
        ({"title": "", "body": ""}, "-", ["text/html"]),
        ({"title": "a\r\nBcc: eve@example.com", "body": "b"}, "a Bcc: eve@example.com", ["text/plain", "text/html"]),
    ],
)
async def test_nothing_empty_is_sent_when_parts_are_missing(
    server: SendGridServer, sendgrid: SendGridProvider, changes: dict[str, str], subject: str, kinds: list[str]
) -> None:
    assert (await sendgrid.send(message(**changes))).outcome is OK
    assert server.accepted[0]["subject"] == subject
    assert [part["type"] for part in server.accepted[0]["content"]] == kinds


@pytest.mark.parametrize(
    ("name", "sent"),
    [("Lovelace, Ada", '"Lovelace, Ada"'), ("Ada; Eve", '"Ada; Eve"'), ("Ada\r\nEve", "Ada Eve"), ("Größe", "Größe")],
)
async def test_a_name_is_one_name_when_it_holds_separators(
    server: SendGridServer, sendgrid: SendGridProvider, name: str, sent: str
) -> None:
    assert (await sendgrid.send(message(address={"email": "ada@example.com", "name": name}))).outcome is OK
    assert server.accepted[0]["personalizations"][0]["to"] == [{"email": "ada@example.com", "name": sent}]


async def test_a_name_is_left_out_when_there_is_none(server: SendGridServer, sendgrid: SendGridProvider) -> None:
    assert (await sendgrid.send(message(address={"email": "ada@example.com"}))).outcome is OK
    assert server.accepted[0]["personalizations"][0]["to"] == [{"email": "ada@example.com"}]


@pytest.mark.parametrize(
    ("status", "words", "field", "outcome", "error_code"),
    [
        (400, "Does not contain a valid address.", "personalizations.0.to.0.email", RECIPIENT, "invalid_recipient"),
        (400, "The to array is required.", "personalizations.0.to", RECIPIENT, "invalid_recipient"),
        (400, "The from email does not contain a valid address.", "from.email", OURS, "http_400"),
        (400, "Bad Request", None, OURS, "http_400"),
        (401, "The provided authorization grant is invalid, expired, or revoked", None, OURS, "unauthorized"),
        (401, "Maximum credits exceeded", None, OURS, "quota_exceeded"),
        (403, "The from address does not match a verified Sender Identity.", "from", OURS, "forbidden"),
        (403, "Not yours to send to.", "personalizations.0.to.0.email", OURS, "forbidden"),
        (404, "not found", None, OURS, "http_404"),
        (413, "Payload too large", None, OURS, "too_large"),
        (429, "too many requests", None, THROTTLED, "throttled"),
        (500, "internal", None, RETRYABLE, "http_500"),
        (503, "unavailable", None, RETRYABLE, "http_503"),
    ],
)
async def test_an_error_is_classified_when_sendgrid_names_it(
    server: SendGridServer,
    sendgrid: SendGridProvider,
    status: int,
    words: str,
    field: str | None,
    outcome: AttemptOutcome,
    error_code: str,
) -> None:
    verdict = refusal(status, words, field)
    server.stage(status, verdict.body)
    report = await sendgrid.send(message())
    assert (report.outcome, report.status_code, report.error_code) == (outcome, status, f"sendgrid.{error_code}")
    assert report.detail == verdict.body.decode()
    assert report.retry_after is None


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b'{"errors": 3}', b'{"errors": [3, null]}', b'{"errors": [{"field": 7}]}', b"\xff"]
)
async def test_an_error_goes_by_its_status_when_its_body_is_of_no_use(
    server: SendGridServer, sendgrid: SendGridProvider, body: bytes
) -> None:
    server.stage(400, body)
    report = await sendgrid.send(message())
    assert (report.outcome, report.error_code) == (OURS, "sendgrid.http_400")


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"x_ratelimit_reset": str(int(NOON.timestamp()) + 30)}, 30.0),
        ({"x_ratelimit_reset": str(int(NOON.timestamp()) - 30)}, 0.0),
        ({"retry_after": "7", "x_ratelimit_reset": str(int(NOON.timestamp()) + 30)}, 7.0),
        ({"x_ratelimit_reset": "soon"}, None),
        ({}, None),
    ],
)
async def test_it_says_when_to_come_back_when_the_vendor_does(
    server: SendGridServer, sendgrid: SendGridProvider, headers: dict[str, str], seconds: float | None
) -> None:
    server.stage(429, b"{}", **headers)
    assert (await sendgrid.send(message())).retry_after == seconds


async def test_the_key_stays_out_when_it_is_wrong(server: SendGridServer, client: Httpx2HttpClient) -> None:
    wrong = provider(client, server.url, key="SG.of-somebody-else")
    server.sink.replies.append(answer(401, b"no such key: SG.of-somebody-else"))
    report = await wrong.send(message())
    assert (report.outcome, report.detail) == (OURS, "no such key: [hidden]")
    assert (await wrong.send(message())).error_code == "sendgrid.unauthorized"
    assert not server.accepted
    assert "somebody" not in repr(SendGridAccount(api_key="SG.of-somebody-else"))


async def test_a_redirect_is_not_followed(server: SendGridServer, sendgrid: SendGridProvider) -> None:
    server.stage(307, location=f"{server.url}/v3/mail/send")
    assert (await sendgrid.send(message())).outcome is OURS
    assert len(server.sink.requests) == 1


async def test_a_blocked_endpoint_is_a_matter_of_configuration(server: SendGridServer) -> None:
    client = Httpx2HttpClient(EgressSettings(), SystemResolver(), log=MemoryLog)
    report = await provider(client, server.url).send(message())
    await client.stop()
    assert (report.outcome, report.error_code) == (OURS, "sendgrid.blocked")


async def test_the_vendor_is_asked_when_no_other_service_is_named() -> None:
    client = RecordingHttpClient()
    composer = EmailComposer("no-reply@carillon.example", FixedClock(NOON))
    account = SendGridAccount(api_key=KEY)
    await SendGridProvider("sendgrid", account, client, composer, FixedClock(NOON)).send(message())
    (request,) = client.requests
    assert (request.url, request.timeout) == ("https://api.sendgrid.com/v3/mail/send", 10.0)
    assert json.loads(request.body)["from"] == {"email": "no-reply@carillon.example"}


async def test_nothing_is_asked_when_the_address_is_none(server: SendGridServer, sendgrid: SendGridProvider) -> None:
    report = await sendgrid.send(message(address={"email": "ada@example.com,eve@example.com"}))
    assert (report.outcome, report.error_code) == (RECIPIENT, "email.invalid_address")
    assert not server.sink.requests
