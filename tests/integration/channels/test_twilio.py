"""Twilio, as its API reference and its dictionary of errors say."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from application.ports.notification_channel import OutboundMessage
from domain.notifications.attempt import AttemptOutcome
from domain.notifications.channel import Channel
from infrastructure.channels.sms.twilio import TwilioAccount, TwilioProvider
from infrastructure.config.egress import EgressSettings
from infrastructure.http_client.httpx2 import Httpx2HttpClient
from infrastructure.http_client.resolver import SystemResolver
from infrastructure.memory.fixed_clock import FixedClock
from infrastructure.memory.recording_http_client import RecordingHttpClient
from infrastructure.observability.memory_log import MemoryLog
from tests.integration.channels import vendor_messages
from tests.integration.channels.http_sink import http_sink
from tests.integration.channels.twilio_server import ACCOUNT, SENDER, TOKEN, TwilioServer, created, refusal
from tests.integration.channels.vendor_messages import DELIVERY, NOON

OK, RETRYABLE, THROTTLED = AttemptOutcome.OK, AttemptOutcome.RETRYABLE, AttemptOutcome.THROTTLED
OURS, RECIPIENT = AttemptOutcome.PROVIDER_PERMANENT, AttemptOutcome.RECIPIENT_PERMANENT
PHONE = "+491701234567"


def message(**changes: Any) -> OutboundMessage:
    return vendor_messages.message(Channel.SMS, **{"address": {"phone": PHONE}, **changes})


def account(**changes: str | None) -> TwilioAccount:
    return TwilioAccount(**{"account_sid": ACCOUNT, "auth_token": TOKEN, "sender": SENDER, **changes})  # type: ignore[arg-type]


def provider(client: Any, url: str, of: TwilioAccount | None = None, **options: Any) -> TwilioProvider:
    return TwilioProvider("twilio", of or account(), client, FixedClock(NOON), base_url=url, **options)


@pytest.fixture
async def server() -> AsyncIterator[TwilioServer]:
    async with http_sink() as sink:
        yield TwilioServer(sink)


@pytest.fixture
async def client() -> AsyncIterator[Httpx2HttpClient]:
    client = Httpx2HttpClient(EgressSettings(allow_cidrs=("127.0.0.0/8",)), SystemResolver(), log=MemoryLog)
    yield client
    await client.stop()


async def test_the_form_is_the_documented_one_when_a_message_is_sent(
    server: TwilioServer, client: Httpx2HttpClient
) -> None:
    report = await provider(client, server.url).send(message(body="Größe & 50% = 🎉+1\r\nzwei"))
    assert (report.outcome, report.status_code, report.message_id) == (OK, 201, f"SM{1:032x}")
    assert server.accepted == [{"To": PHONE, "From": SENDER, "Body": "Größe & 50% = 🎉+1\nzwei"}]


async def test_a_messaging_service_sends_when_it_is_named(server: TwilioServer, client: Httpx2HttpClient) -> None:
    service = account(sender=None, messaging_service_sid="MG0123456789abcdef0123456789abcdef")
    assert (await provider(client, server.url, service).send(message())).outcome is OK
    assert server.accepted[0]["MessagingServiceSid"] == "MG0123456789abcdef0123456789abcdef"
    assert "From" not in server.accepted[0]


async def test_a_key_logs_in_when_there_is_one(client: Httpx2HttpClient) -> None:
    async with http_sink() as sink:
        server = TwilioServer(sink, users={"SK0123": "secret-of-the-key"})
        with_key = account(api_key_sid="SK0123", auth_token="secret-of-the-key")
        assert (await provider(client, server.url, with_key).send(message())).outcome is OK
        assert (await provider(client, server.url).send(message())).error_code == "twilio.unauthorized"


@pytest.mark.parametrize(
    ("callback", "sent"),
    [
        ("https://c.example/r", f"https://c.example/r?deliveryId={DELIVERY}"),
        ("https://c.example/r?t=a%20b", f"https://c.example/r?t=a%20b&deliveryId={DELIVERY}"),
        ("https://c.example/r?t=1#x", f"https://c.example/r?t=1&deliveryId={DELIVERY}#x"),
    ],
)
async def test_receipts_can_be_joined_when_they_are_wanted(
    server: TwilioServer, client: Httpx2HttpClient, callback: str, sent: str
) -> None:
    assert (await provider(client, server.url, account(status_callback=callback)).send(message())).outcome is OK
    assert server.accepted[0]["StatusCallback"] == sent


@pytest.mark.parametrize(
    ("status", "code", "outcome", "error_code"),
    [
        (400, 21211, RECIPIENT, "invalid_number"),
        (400, 21217, RECIPIENT, "invalid_number"),
        (400, 21265, RECIPIENT, "short_code"),
        (400, 21268, RECIPIENT, "premium_number"),
        (400, 21614, RECIPIENT, "not_mobile"),
        (400, 21635, RECIPIENT, "landline"),
        (400, 30004, RECIPIENT, "blocked"),
        (400, 30005, RECIPIENT, "unknown_handset"),
        (400, 21408, OURS, "region_not_enabled"),
        (400, 21606, OURS, "invalid_sender"),
        (400, 21608, OURS, "trial_account"),
        (400, 21612, OURS, "no_route"),
        (401, 20003, OURS, "unauthorized"),
        (403, 20003, OURS, "unauthorized"),
        (404, 20404, OURS, "not_found"),
        (400, 30002, OURS, "account_suspended"),
        (400, 30007, OURS, "filtered"),
        (429, 63038, OURS, "quota_exceeded"),
        (429, 20429, THROTTLED, "throttled"),
        (429, 14107, THROTTLED, "throttled"),
        (400, 21611, THROTTLED, "queue_full"),
        (400, 30001, THROTTLED, "queue_overflow"),
        (400, 29999, OURS, "error_29999"),
        (429, 29999, THROTTLED, "error_29999"),
        (500, 20500, RETRYABLE, "error_20500"),
        (503, 20503, RETRYABLE, "error_20503"),
    ],
)
async def test_an_error_is_classified_when_twilio_names_it(
    server: TwilioServer, client: Httpx2HttpClient, status: int, code: int, outcome: AttemptOutcome, error_code: str
) -> None:
    body = refusal(status, code, "as the dictionary says").body
    server.stage(status, body)
    report = await provider(client, server.url).send(message())
    assert (report.outcome, report.status_code, report.error_code) == (outcome, status, f"twilio.{error_code}")
    assert report.detail == body.decode()
    assert not report.gone


async def test_the_number_is_gone_when_its_owner_said_stop(server: TwilioServer, client: Httpx2HttpClient) -> None:
    server.stage(400, refusal(400, 21610, "Attempt to send to unsubscribed recipient").body)
    report = await provider(client, server.url).send(message())
    assert (report.outcome, report.error_code, report.gone) == (RECIPIENT, "twilio.opted_out", True)


@pytest.mark.parametrize(
    ("error_code", "outcome", "word"),
    [
        (30001, THROTTLED, "queue_overflow"),
        (30003, RETRYABLE, "unreachable_handset"),
        (30006, RECIPIENT, "landline"),
        (39999, RETRYABLE, "error_39999"),
    ],
)
async def test_a_message_that_was_created_to_fail_has_failed(
    server: TwilioServer, client: Httpx2HttpClient, error_code: int, outcome: AttemptOutcome, word: str
) -> None:
    server.stage(201, created(1, status="failed", error_code=error_code))
    report = await provider(client, server.url).send(message())
    assert (report.outcome, report.error_code) == (outcome, f"twilio.{word}")


@pytest.mark.parametrize(
    ("status", "body", "outcome", "error_code"),
    [
        (400, b"", OURS, "twilio.http_400"),
        (400, b"<html>", OURS, "twilio.http_400"),
        (400, b'{"code": "21211"}', OURS, "twilio.http_400"),
        (502, b"<html>Bad gateway</html>", RETRYABLE, "twilio.http_502"),
        (201, b"{cut", OK, None),
        (201, created(1, status="failed"), RETRYABLE, "twilio.failed"),
        (200, b"<html>Please log in to the network</html>", AttemptOutcome.AMBIGUOUS, "twilio.protocol"),
    ],
)
async def test_an_answer_goes_by_its_status_when_its_body_is_of_no_use(
    server: TwilioServer,
    client: Httpx2HttpClient,
    status: int,
    body: bytes,
    outcome: AttemptOutcome,
    error_code: str | None,
) -> None:
    server.stage(status, body)
    report = await provider(client, server.url).send(message())
    assert (report.outcome, report.error_code) == (outcome, error_code)


async def test_it_says_when_to_come_back_when_the_vendor_does(server: TwilioServer, client: Httpx2HttpClient) -> None:
    server.stage(429, refusal(429, 20429, "Too Many Requests").body, retry_after="7")
    assert (await provider(client, server.url).send(message())).retry_after == 7.0


@pytest.mark.parametrize(("letter", "kept"), [("a", 1_600), ("é", 1_600), ("😀", 800)])
async def test_a_text_is_cut_between_characters_when_it_is_too_long(
    server: TwilioServer, client: Httpx2HttpClient, letter: str, kept: int
) -> None:
    assert (await provider(client, server.url).send(message(body=letter * 2_000))).outcome is OK
    assert server.accepted[0]["Body"] == letter * kept


async def test_the_token_stays_out_when_the_vendor_repeats_it(server: TwilioServer, client: Httpx2HttpClient) -> None:
    server.stage(401, f"Basic {account().authorization()} and {TOKEN}".encode())
    report = await provider(client, server.url).send(message())
    assert report.detail == "Basic [hidden] and [hidden]"
    assert TOKEN not in repr(account())


async def test_nothing_is_asked_when_the_prefix_is_refused(server: TwilioServer, client: Httpx2HttpClient) -> None:
    twilio = provider(client, server.url, refused_prefixes=["+4990", "+1900"])
    report = await twilio.send(message(address={"phone": "+49900123456"}))
    assert (report.outcome, report.error_code) == (RECIPIENT, "sms.refused_prefix")
    assert not server.sink.requests
    assert (await twilio.send(message())).outcome is OK


@pytest.mark.parametrize("phone", ["call me", "+49" + "1" * 38, "01701234567", "+49 170 1234567", 491701234567])
async def test_b19_nothing_is_asked_when_the_number_is_none(
    server: TwilioServer, client: Httpx2HttpClient, phone: str | int
) -> None:
    report = await provider(client, server.url).send(message(address={"phone": phone}))
    assert (report.outcome, report.error_code) == (RECIPIENT, "sms.invalid_number")
    assert not server.sink.requests


async def test_the_vendor_is_asked_when_no_other_service_is_named() -> None:
    client = RecordingHttpClient()
    await TwilioProvider("twilio", account(), client, FixedClock(NOON)).send(message())
    (request,) = client.requests
    assert request.url == f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
    assert request.timeout == 10.0


def test_an_account_without_a_sender_is_refused() -> None:
    with pytest.raises(ValueError, match="sender"):
        account(sender=None)
