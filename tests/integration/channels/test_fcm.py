"""FCM against a server that verifies the grant, the access token and every field."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from application.ports.http_client import HttpFailure, HttpFailureKind, HttpRequest, HttpResponse
from application.ports.notification_channel import OutboundMessage
from domain.notifications.attempt import AttemptOutcome
from infrastructure.channels.push.fcm import FcmProvider
from infrastructure.channels.push.google_tokens import FcmAccount
from infrastructure.config.egress import EgressSettings
from infrastructure.http_client.httpx2 import Httpx2HttpClient
from infrastructure.http_client.resolver import SystemResolver
from infrastructure.memory.fixed_clock import FixedClock
from infrastructure.memory.recording_http_client import RecordingHttpClient
from infrastructure.observability.memory_log import MemoryLog
from tests.integration.channels.fcm_server import DEVICE, FCM_ERROR, PROJECT, FcmServer, fcm_server, refusal
from tests.integration.channels.http_sink import Reply, answer, hang
from tests.integration.channels.push_message import push_message

OK = AttemptOutcome.OK
RETRYABLE = AttemptOutcome.RETRYABLE
THROTTLED = AttemptOutcome.THROTTLED
PROVIDER = AttemptOutcome.PROVIDER_PERMANENT
RECIPIENT = AttemptOutcome.RECIPIENT_PERMANENT


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(datetime(2026, 3, 1, 12, 0, tzinfo=UTC))


@pytest.fixture
async def server(clock: FixedClock) -> AsyncIterator[FcmServer]:
    async with fcm_server(clock.now) as server:
        yield server


@pytest.fixture
async def provider(server: FcmServer, clock: FixedClock) -> AsyncIterator[FcmProvider]:
    client = Httpx2HttpClient(EgressSettings(allow_cidrs=("127.0.0.0/8",)), SystemResolver(), log=MemoryLog)
    account = FcmAccount.from_json(server.service_account())
    yield FcmProvider("fcm", account, client, clock, timeout=1.5, base_url=server.base_url)
    await client.stop()


def message(*tokens: str, **changes: object) -> OutboundMessage:
    return push_message({"fcm": {"tokens": list(tokens or (DEVICE,))}}, **changes)


async def test_the_message_has_its_documented_shape_when_everything_is_given(
    server: FcmServer, provider: FcmProvider
) -> None:
    report = await provider.send(
        message(
            data={"orderId": 42, "name": "Ada", "nested": {"a": [1, None]}, "from": "x", "google.ttl": "1", "gcm": "y"},
            actions=[{"id": "track", "label": "Track"}],
            sequence_id="order-42",
            severity="high",
        )
    )
    assert (report.outcome, report.message_id) == (OK, f"projects/{PROJECT}/messages/0:1")
    (sent,) = server.accepted
    assert sent == {
        "token": DEVICE,
        "notification": {"title": "Größe", "body": "Your order is on its way"},
        "data": {
            "orderId": "42",
            "name": "Ada",
            "nested": '{"a":[1,null]}',
            "actions": '[{"id":"track","label":"Track"}]',
            "deliveryId": "019a2b3c-0000-7000-8000-000000000001",
            "notificationId": "019a2b3c-0000-7000-8000-000000000002",
        },
        "android": {
            "priority": "HIGH",
            "ttl": "86400s",
            "collapse_key": "order-42",
            "notification": {"tag": "order-42"},
        },
        "apns": {
            "headers": {"apns-priority": "10", "apns-expiration": "1772452800", "apns-collapse-id": "order-42"},
            "payload": {"aps": {"sound": "default"}},
        },
        "webpush": {
            "headers": {"TTL": "86400", "Topic": sent["webpush"]["headers"]["Topic"]},
            "notification": {"tag": "order-42"},
        },
    }


async def test_a_device_is_not_disturbed_when_the_message_matters_little(
    server: FcmServer, provider: FcmProvider
) -> None:
    await provider.send(message(severity="low", sequence_id="é" * 80))
    (sent,) = server.accepted
    assert sent["android"]["priority"] == "NORMAL"
    assert sent["apns"]["payload"] == {"aps": {}}
    assert len(sent["apns"]["headers"]["apns-collapse-id"]) == 64


@pytest.mark.parametrize(
    ("reply", "outcome", "code", "dead"),
    [
        (refusal(404, "NOT_FOUND", details="UNREGISTERED"), RECIPIENT, "fcm.unregistered", True),
        (refusal(403, "PERMISSION_DENIED", details="SENDER_ID_MISMATCH"), RECIPIENT, "fcm.sender_id_mismatch", False),
        (refusal(400, "INVALID_ARGUMENT", details="INVALID_ARGUMENT"), PROVIDER, "fcm.invalid_argument", False),
        (refusal(400, "INVALID_ARGUMENT"), PROVIDER, "fcm.invalid_argument", False),
        (
            refusal(400, "INVALID_ARGUMENT", "The registration token is not a valid FCM registration token"),
            RECIPIENT,
            "fcm.invalid_token",
            True,
        ),
        (refusal(429, "RESOURCE_EXHAUSTED", details="QUOTA_EXCEEDED"), THROTTLED, "fcm.quota_exceeded", False),
        (refusal(503, "UNAVAILABLE", details="UNAVAILABLE"), RETRYABLE, "fcm.unavailable", False),
        (refusal(500, "INTERNAL", details="INTERNAL"), RETRYABLE, "fcm.internal", False),
        (refusal(401, "X", details="THIRD_PARTY_AUTH_ERROR"), PROVIDER, "fcm.third_party_auth_error", False),
        (refusal(403, "PERMISSION_DENIED", "API disabled"), PROVIDER, "fcm.permission_denied", False),
        (answer(502, b"<!DOCTYPE html><title>Error 502"), RETRYABLE, "fcm.http_502", False),
        (answer(404, b'{"error": "x"}'), PROVIDER, "fcm.http_404", False),
        (answer(400, b'{"error": {"details": [1, {"fieldViolations": 2}]}}'), PROVIDER, "fcm.http_400", False),
        (answer(302, b"", location="http://169.254.169.254/"), PROVIDER, "fcm.http_302", False),
    ],
)  # fmt: skip
async def test_each_error_has_its_outcome_when_fcm_refuses(
    server: FcmServer, provider: FcmProvider, reply: Reply, outcome: AttemptOutcome, code: str, dead: bool
) -> None:
    server.staged.append(reply)
    report = await provider.send(message())
    assert (report.outcome, report.error_code) == (outcome, code)
    assert list(report.dead) == ([DEVICE] if dead else [])
    assert len(server.sink.requests) == 2


async def test_a_token_is_dead_when_the_violated_field_is_the_token(server: FcmServer, provider: FcmProvider) -> None:
    violation = {"field": "message.token", "description": "Invalid registration token"}
    details = [
        {"@type": FCM_ERROR, "errorCode": "INVALID_ARGUMENT"},
        {"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": [violation]},
    ]
    error = {"code": 400, "message": "Request contains an invalid argument.", "status": "INVALID_ARGUMENT"}
    server.staged.append(answer(400, json.dumps({"error": {**error, "details": details}}).encode()))
    report = await provider.send(message())
    assert (report.outcome, report.error_code, report.dead) == (RECIPIENT, "fcm.invalid_token", (DEVICE,))


async def test_the_wait_is_fcm_s_when_it_names_one_and_a_minute_when_not(
    server: FcmServer, provider: FcmProvider
) -> None:
    server.staged.extend(
        [
            refusal(429, "RESOURCE_EXHAUSTED", details="QUOTA_EXCEEDED", retry_after="7"),
            refusal(429, "RESOURCE_EXHAUSTED", details="QUOTA_EXCEEDED"),
            refusal(503, "UNAVAILABLE", details="UNAVAILABLE", retry_after="11"),
        ]
    )
    assert [(await provider.send(message())).retry_after for _ in range(3)] == [7.0, 60.0, 11.0]


async def test_one_access_token_serves_until_a_minute_before_its_end(
    server: FcmServer, provider: FcmProvider, clock: FixedClock
) -> None:
    await asyncio.gather(*(provider.send(message()) for _ in range(10)))
    assert server.fetches == 1
    clock.advance(seconds=3_599 - 61)
    await provider.send(message())
    assert server.fetches == 1
    clock.advance(seconds=1)
    assert (await provider.send(message())).outcome is OK
    assert server.fetches == 2


async def test_the_access_token_is_fetched_again_when_it_is_refused(server: FcmServer, provider: FcmProvider) -> None:
    await provider.send(message())
    server.tokens.clear()
    report = await provider.send(message(*(f"{DEVICE}{number}" for number in range(10))))
    assert report.outcome is OK
    assert server.fetches == 2
    assert len(server.accepted) == 11


async def test_it_ends_when_a_fresh_access_token_is_refused_too(server: FcmServer, provider: FcmProvider) -> None:
    server.staged.extend([refusal(401, "UNAUTHENTICATED")] * 2)
    report = await provider.send(message())
    assert (report.outcome, report.error_code, server.fetches) == (PROVIDER, "fcm.unauthenticated", 2)


@pytest.mark.parametrize(
    ("reply", "outcome", "code"),
    [
        (answer(400, b'{"error":"invalid_grant","error_description":"x"}'), PROVIDER, "fcm.token_refused"),
        (answer(401, b'{"error":"invalid_client"}'), PROVIDER, "fcm.token_refused"),
        (answer(429, b"", retry_after="5"), THROTTLED, "fcm.token_unavailable"),
        (answer(503, b""), RETRYABLE, "fcm.token_unavailable"),
        (answer(200, b"[]"), RETRYABLE, "fcm.token_missing"),
        (hang, RETRYABLE, "fcm.token_timeout"),
    ],
)
async def test_nothing_is_sent_when_there_is_no_access_token(
    server: FcmServer, provider: FcmProvider, reply: Reply, outcome: AttemptOutcome, code: str
) -> None:
    server.staged_tokens.append(reply)
    report = await provider.send(message())
    assert (report.outcome, report.error_code) == (outcome, code)
    assert not server.asked.is_set()
    assert (await provider.send(message())).outcome is OK


async def test_the_grant_is_refused_when_another_key_signed_it(server: FcmServer, clock: FixedClock) -> None:
    client = Httpx2HttpClient(EgressSettings(allow_cidrs=("127.0.0.0/8",)), SystemResolver(), log=MemoryLog)
    async with fcm_server(clock.now) as other:
        stolen = json.loads(server.service_account()) | {
            "private_key": json.loads(other.service_account())["private_key"]
        }
    account = FcmAccount.from_json(json.dumps(stolen))
    report = await FcmProvider("fcm", account, client, clock, base_url=server.base_url).send(message())
    assert (report.outcome, report.error_code) == (PROVIDER, "fcm.token_refused")
    assert "Invalid JWT Signature" in (report.detail or "")
    await client.stop()


async def test_it_is_sent_when_one_device_of_several_accepts(server: FcmServer, provider: FcmProvider) -> None:
    server.by_device = {
        "gone-1": refusal(404, "NOT_FOUND", details="UNREGISTERED"),
        "gone-2": refusal(404, "NOT_FOUND", details="UNREGISTERED"),
        "later": refusal(503, "UNAVAILABLE", details="UNAVAILABLE", retry_after="30"),
    }
    report = await provider.send(message("gone-1", "later", DEVICE, "gone-2", DEVICE))
    assert (report.outcome, report.error_code, report.retry_after) == (OK, None, None)
    assert sorted(report.dead) == ["gone-1", "gone-2"]
    assert report.detail == "4 devices: 1 accepted, 1 fcm.unavailable, 2 fcm.unregistered"
    assert report.message_id == f"projects/{PROJECT}/messages/0:1"
    assert [sent["token"] for sent in server.accepted] == [DEVICE]


async def test_the_most_hopeful_error_counts_when_no_device_accepts(server: FcmServer, provider: FcmProvider) -> None:
    server.by_device = {
        "gone": refusal(404, "NOT_FOUND", details="UNREGISTERED"),
        "much": refusal(429, "RESOURCE_EXHAUSTED", details="QUOTA_EXCEEDED", retry_after="90"),
        "later": refusal(503, "UNAVAILABLE", details="UNAVAILABLE", retry_after="30"),
    }
    report = await provider.send(message("gone", "much", "later"))
    assert (report.outcome, report.error_code, report.retry_after) == (RETRYABLE, "fcm.unavailable", 90.0)
    assert list(report.dead) == ["gone"]
    assert (report.detail or "").startswith("3 devices: 1 fcm.quota_exceeded, 1 fcm.unavailable, 1 fcm.unregistered; {")


async def test_ten_devices_are_asked_at_once_and_no_more(server: FcmServer, provider: FcmProvider) -> None:
    ten_wait = asyncio.Event()

    async def with_nine_others(writer: asyncio.StreamWriter) -> None:
        if server.under_way == 10:
            ten_wait.set()
        await ten_wait.wait()
        await answer(200, b"{}")(writer)

    tokens = [f"{DEVICE}{number}" for number in range(60)]
    server.by_device = dict.fromkeys(tokens, with_nine_others)
    report = await provider.send(message(*tokens))
    assert (report.outcome, report.detail) == (OK, "60 devices: 60 accepted")
    assert sorted(json.loads(each.body)["message"]["token"] for each in server.sink.requests[1:]) == sorted(tokens)
    assert server.most_under_way == 10


async def test_all_devices_share_one_deadline_when_none_answers(server: FcmServer, provider: FcmProvider) -> None:
    await provider.send(message())
    server.by_device = {f"slow-{number}": hang for number in range(30)}
    report = await asyncio.wait_for(provider.send(message(*server.by_device)), 4)
    assert report.outcome is AttemptOutcome.AMBIGUOUS
    assert report.detail == "30 devices: 30 fcm.timeout"


@pytest.mark.parametrize("text", ["x" * 100_000, "é" * 50_000, "😀" * 20_000, "\x00" * 20_000 + "z", '"\\' * 10_000])
async def test_a_long_text_is_cut_to_the_limit_on_a_character(
    server: FcmServer, provider: FcmProvider, text: str
) -> None:
    assert (await provider.send(message(title=text, body=text))).outcome is OK
    (sent,) = server.accepted
    request = server.sink.requests[-1]
    assert 3_900 < len(request.body) <= 4_096 or "\x00" in text
    assert "�" not in sent["notification"]["body"]
    assert sent["notification"]["body"].endswith(("…", "z"))


async def test_a_title_is_one_line_when_it_came_with_several(server: FcmServer, provider: FcmProvider) -> None:
    await provider.send(message(title="a\r\nb\x00c\u2028d", body="one\r\ntwo\rthree\x07\nfour"))
    (sent,) = server.accepted
    assert sent["notification"] == {"title": "a b c d", "body": "one\ntwo\nthree \nfour"}


async def test_nothing_is_sent_when_the_data_alone_is_too_large(server: FcmServer, provider: FcmProvider) -> None:
    report = await provider.send(message(data={"blob": "x" * 5_000}))
    assert (report.outcome, report.error_code) == (RECIPIENT, "fcm.payload_too_large")
    assert not server.sink.requests


@pytest.mark.parametrize(
    "address",
    [{}, {"fcm": None}, {"fcm": {"tokens": "abc"}}, {"fcm": {"tokens": [None, 7, ""]}}, {"apns": {"tokens": ["a"]}}],
)
async def test_there_is_no_address_when_no_token_is_fcm_s(
    server: FcmServer, provider: FcmProvider, address: dict[str, object]
) -> None:
    report = await provider.send(push_message(address))
    assert (report.outcome, report.error_code) == (RECIPIENT, "fcm.no_address")
    assert not server.sink.requests


async def test_secrets_stay_out_when_everything_is_printed(server: FcmServer, provider: FcmProvider) -> None:
    account = FcmAccount.from_json(server.service_account())
    assert "PRIVATE" not in repr(account)
    said = json.dumps({"error": {"status": "INTERNAL", "message": f"ya29.secret-access-1 {DEVICE}"}}).encode()
    server.staged.append(answer(500, said))
    report = await provider.send(message())
    assert "ya29" not in repr(report)
    assert DEVICE not in repr(report)


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"project_id":"p","client_email":"e","private_key":7}', b"\xff"])
def test_a_file_that_is_no_service_account_is_refused_without_quoting_it(text: str | bytes) -> None:
    with pytest.raises(ValueError, match=r"^not the key file of a service account$"):
        FcmAccount.from_json(text)


def test_a_key_that_is_none_is_refused_without_quoting_it(clock: FixedClock) -> None:
    account = FcmAccount(project_id="p", client_email="e", private_key="hunter2")
    with pytest.raises(ValueError, match="no RSA key") as raised:
        FcmProvider("fcm", account, RecordingHttpClient(), clock)
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize(
    ("failure", "outcome", "code"),
    [
        (HttpFailure(kind=HttpFailureKind.BLOCKED, reason="refused"), PROVIDER, "fcm.blocked"),
        (HttpFailure(kind=HttpFailureKind.NOT_SENT, reason="dns"), RETRYABLE, "fcm.dns"),
        (HttpFailure(kind=HttpFailureKind.AMBIGUOUS, reason="reset"), AttemptOutcome.AMBIGUOUS, "fcm.reset"),
    ],
)
async def test_each_failure_has_its_outcome_when_fcm_does_not_answer(
    server: FcmServer, clock: FixedClock, failure: HttpFailure, outcome: AttemptOutcome, code: str
) -> None:
    def answers(request: HttpRequest) -> HttpResponse | HttpFailure:
        granted = HttpResponse(status=200, headers={}, body=b'{"access_token":"a","expires_in":3599}')
        return granted if request.url.endswith("/token") else failure

    account = FcmAccount.from_json(server.service_account())
    report = await FcmProvider("fcm", account, RecordingHttpClient(answers), clock).send(message())
    assert (report.outcome, report.error_code) == (outcome, code)


async def test_a_lost_answer_is_safe_to_repeat_when_it_was_the_access_token_s(
    server: FcmServer, clock: FixedClock
) -> None:
    client = RecordingHttpClient([HttpFailure(kind=HttpFailureKind.AMBIGUOUS, reason="reset")])
    report = await FcmProvider("fcm", FcmAccount.from_json(server.service_account()), client, clock).send(message())
    assert (report.outcome, report.error_code) == (RETRYABLE, "fcm.token_reset")
