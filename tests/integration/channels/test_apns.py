"""APNs against a server that speaks HTTP/2 and verifies the provider token and every field."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path

import pytest
from h2.errors import ErrorCodes

from application.ports.http_client import HttpFailure, HttpFailureKind
from application.ports.notification_channel import OutboundMessage
from domain.notifications.attempt import AttemptOutcome
from infrastructure.channels.push.apns import PRODUCTION, ApnsProvider
from infrastructure.channels.push.apns_tokens import ApnsAccount
from infrastructure.config.egress import EgressSettings
from infrastructure.http_client.address_table import IpAddress
from infrastructure.http_client.httpx2 import Httpx2HttpClient
from infrastructure.http_client.resolver import Resolver, SystemResolver
from infrastructure.memory.fixed_clock import FixedClock
from infrastructure.memory.recording_http_client import RecordingHttpClient
from infrastructure.observability.memory_log import MemoryLog
from tests.integration.channels.apns_server import DEVICE, KEY_ID, TEAM, TOPIC, ApnsServer, apns_server, refusal
from tests.integration.channels.certificates import tls_contexts
from tests.integration.channels.h2_server import Reply, Stream, abort, answer, h2_server, hang
from tests.integration.channels.push_message import push_message

OK = AttemptOutcome.OK
RETRYABLE = AttemptOutcome.RETRYABLE
THROTTLED = AttemptOutcome.THROTTLED
PROVIDER = AttemptOutcome.PROVIDER_PERMANENT
RECIPIENT = AttemptOutcome.RECIPIENT_PERMANENT
MINUTE = 60


class Loopback(Resolver):
    async def resolve(self, host: str) -> Sequence[IpAddress]:
        return [ip_address("127.0.0.1")]


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(datetime(2026, 3, 1, 12, 0, tzinfo=UTC))


@pytest.fixture
async def server(clock: FixedClock) -> AsyncIterator[ApnsServer]:
    async with apns_server(clock.now) as server:
        yield server


@pytest.fixture
async def provider(server: ApnsServer, clock: FixedClock) -> AsyncIterator[ApnsProvider]:
    client = Httpx2HttpClient(EgressSettings(allow_cidrs=("127.0.0.0/8",)), SystemResolver(), log=MemoryLog)
    yield ApnsProvider("apns", account(server), client, clock, timeout=1.5, base_url=server.base_url)
    await client.stop()


def account(server: ApnsServer) -> ApnsAccount:
    return ApnsAccount(team_id=TEAM, key_id=KEY_ID, private_key=server.private_key(), topic=TOPIC)


def device(number: int) -> str:
    return f"{number:064x}"


def message(*tokens: str, **changes: object) -> OutboundMessage:
    return push_message({"apns": {"tokens": list(tokens or (DEVICE,))}}, **changes)


async def test_headers_and_payload_have_their_documented_shape_when_everything_is_given(
    server: ApnsServer, provider: ApnsProvider
) -> None:
    report = await provider.send(
        message(
            data={"orderId": 42, "aps": {"badge": 9}},
            actions=[{"id": "track", "label": "Track"}],
            sequence_id="order-42",
            severity="high",
        )
    )
    assert (report.outcome, report.message_id) == (OK, "019A2B3C-0000-7000-8000-000000000001")
    ((headers, payload),) = server.accepted
    assert {name: value for name, value in headers.items() if name.startswith("apns-")} == {
        "apns-topic": TOPIC,
        "apns-push-type": "alert",
        "apns-id": "019a2b3c-0000-7000-8000-000000000001",
        "apns-expiration": "1772452800",
        "apns-priority": "10",
        "apns-collapse-id": "order-42",
    }
    assert payload == {
        "aps": {
            "alert": {"title": "Größe", "body": "Your order is on its way"},
            "interruption-level": "time-sensitive",
            "sound": "default",
        },
        "orderId": 42,
        "actions": [{"id": "track", "label": "Track"}],
        "deliveryId": "019a2b3c-0000-7000-8000-000000000001",
        "notificationId": "019a2b3c-0000-7000-8000-000000000002",
    }


async def test_a_device_is_not_disturbed_when_the_message_matters_little(
    server: ApnsServer, provider: ApnsProvider
) -> None:
    await provider.send(message(severity="low", sequence_id="a\r\nb" + "é" * 80))
    ((headers, payload),) = server.accepted
    assert headers["apns-priority"] == "5"
    assert len(headers["apns-collapse-id"]) == 64
    assert (payload["aps"]["interruption-level"], "sound" in payload["aps"]) == ("passive", False)


@pytest.mark.parametrize(
    ("status", "reason", "outcome", "code", "dead"),
    [
        (400, "BadDeviceToken", RECIPIENT, "apns.bad_device_token", True),
        (410, "Unregistered", RECIPIENT, "apns.unregistered", True),
        (410, "ExpiredToken", RECIPIENT, "apns.expired_token", True),
        (400, "DeviceTokenNotForTopic", RECIPIENT, "apns.device_token_not_for_topic", False),
        (413, "PayloadTooLarge", RECIPIENT, "apns.payload_too_large", False),
        (400, "TopicDisallowed", PROVIDER, "apns.topic_disallowed", False),
        (403, "InvalidProviderToken", PROVIDER, "apns.invalid_provider_token", False),
        (403, "BadEnvironmentKeyIdInToken", PROVIDER, "apns.bad_environment_key_id_in_token", False),
        (429, "TooManyRequests", THROTTLED, "apns.too_many_requests", False),
        (429, "TooManyProviderTokenUpdates", THROTTLED, "apns.too_many_provider_token_updates", False),
        (500, "InternalServerError", RETRYABLE, "apns.internal_server_error", False),
        (503, "ServiceUnavailable", RETRYABLE, "apns.service_unavailable", False),
        (503, "Shutdown", RETRYABLE, "apns.shutdown", False),
        (400, "IdleTimeout", RETRYABLE, "apns.idle_timeout", False),
        (400, "SomethingNew", PROVIDER, "apns.http_400", False),
        (599, "SomethingNew", RETRYABLE, "apns.http_599", False),
    ],
)
async def test_each_reason_has_its_outcome_when_apple_refuses(
    server: ApnsServer,
    provider: ApnsProvider,
    status: int,
    reason: str,
    outcome: AttemptOutcome,
    code: str,
    dead: bool,
) -> None:
    server.staged.append(refusal(status, reason, retry_after="7"))
    report = await provider.send(message())
    assert (report.outcome, report.error_code, report.status_code) == (outcome, code, status)
    assert list(report.dead) == ([DEVICE] if dead else [])
    assert report.retry_after == 7.0
    assert len(server.http.requests) == 1


@pytest.mark.parametrize("body", [b"", b"[]", b'{"reason": 7}', b"\xff"])
async def test_a_device_is_dead_when_a_410_lost_its_body(
    server: ApnsServer, provider: ApnsProvider, body: bytes
) -> None:
    server.staged.append(answer(410, body))
    report = await provider.send(message())
    assert (report.outcome, report.error_code, report.dead) == (RECIPIENT, "apns.unregistered", (DEVICE,))


async def test_one_provider_token_serves_for_forty_minutes(
    server: ApnsServer, provider: ApnsProvider, clock: FixedClock
) -> None:
    await asyncio.gather(*(provider.send(message()) for _ in range(10)))
    clock.advance(seconds=40 * MINUTE - 1)
    await provider.send(message())
    assert len(set(server.provider_tokens)) == 1
    clock.advance(seconds=1)
    assert (await provider.send(message())).outcome is OK
    assert len(set(server.provider_tokens)) == 2


async def test_a_provider_token_of_the_future_is_not_used_when_the_clock_was_set_back(
    server: ApnsServer, provider: ApnsProvider, clock: FixedClock
) -> None:
    await provider.send(message())
    clock.advance(seconds=-3_600)
    assert (await provider.send(message())).outcome is OK
    assert len(server.http.requests) == 2


async def test_a_fresh_provider_token_is_tried_once_when_apple_calls_it_expired(
    server: ApnsServer, provider: ApnsProvider, clock: FixedClock
) -> None:
    tokens = [device(number) for number in range(10)]
    server.staged.extend([refusal(403, "ExpiredProviderToken")] * 10)
    report = await provider.send(message(*tokens))
    assert report.outcome is OK
    assert len(server.accepted) == 10
    assert len(set(server.provider_tokens)) == 2

    server.staged.append(refusal(403, "ExpiredProviderToken"))
    report = await provider.send(message())
    assert (report.outcome, report.error_code) == (PROVIDER, "apns.expired_provider_token")
    assert len(set(server.provider_tokens)) == 2

    clock.advance(seconds=20 * MINUTE)
    server.staged.append(refusal(403, "ExpiredProviderToken"))
    assert (await provider.send(message())).outcome is OK
    assert len(set(server.provider_tokens)) == 3


async def test_it_ends_when_the_fresh_provider_token_is_called_expired_too(
    server: ApnsServer, provider: ApnsProvider
) -> None:
    server.staged.extend([refusal(403, "ExpiredProviderToken")] * 2)
    report = await provider.send(message())
    assert (report.outcome, report.error_code) == (PROVIDER, "apns.expired_provider_token")
    assert len(server.http.requests) == 2


async def test_many_devices_share_one_connection_and_ten_are_asked_at_once(
    server: ApnsServer, provider: ApnsProvider
) -> None:
    ten_wait = asyncio.Event()

    async def with_nine_others(stream: Stream) -> None:
        if server.under_way == 10:
            ten_wait.set()
        await ten_wait.wait()
        stream.respond(200)

    tokens = [device(number) for number in range(60)]
    server.by_device = dict.fromkeys(tokens, with_nine_others)
    report = await provider.send(message(*tokens))
    assert (report.outcome, report.detail) == (OK, "60 devices: 60 accepted")
    assert (server.http.connections, server.most_under_way) == (1, 10)


async def test_it_is_sent_when_one_device_of_several_accepts(server: ApnsServer, provider: ApnsProvider) -> None:
    server.by_device = {
        device(1): refusal(410, "Unregistered"),
        device(2): refusal(503, "ServiceUnavailable"),
        device(3): refusal(400, "BadDeviceToken"),
    }
    report = await provider.send(message(device(1), device(2), device(3), DEVICE, "../../evil", DEVICE))
    assert (report.outcome, report.error_code) == (OK, None)
    assert sorted(report.dead) == [device(1), device(3)]
    assert report.detail == (
        "5 devices: 1 accepted, 1 apns.bad_device_token, 1 apns.malformed_token, "
        "1 apns.service_unavailable, 1 apns.unregistered"
    )
    assert len(server.accepted) == 1


async def test_the_others_are_sent_when_one_device_never_answers(server: ApnsServer, provider: ApnsProvider) -> None:
    server.by_device = {device(1): hang}
    report = await provider.send(message(device(1), device(2)))
    assert (report.outcome, report.detail) == (OK, "2 devices: 1 accepted, 1 apns.timeout")


@pytest.mark.parametrize(("reply", "codes"), [(abort, {"apns.protocol", "apns.reset"}), (hang, {"apns.timeout"})])
async def test_it_is_ambiguous_when_apple_read_the_request_and_said_nothing(
    server: ApnsServer, provider: ApnsProvider, reply: Reply, codes: set[str]
) -> None:
    server.staged.append(reply)
    report = await provider.send(message())
    assert report.outcome is AttemptOutcome.AMBIGUOUS
    assert report.error_code in codes
    assert (await provider.send(message())).outcome is OK


async def test_a_repeat_is_safe_when_apple_refused_the_stream(server: ApnsServer, provider: ApnsProvider) -> None:
    async def refuse(stream: Stream) -> None:
        stream.reset(ErrorCodes.REFUSED_STREAM)

    server.staged.append(refuse)
    report = await provider.send(message())
    assert (report.outcome, report.error_code) == (RETRYABLE, "apns.reset")


@pytest.mark.parametrize("text", ["x" * 100_000, "é" * 50_000, "😀" * 20_000, '"\\' * 10_000])
async def test_a_long_text_is_cut_to_the_limit_on_a_character(
    server: ApnsServer, provider: ApnsProvider, text: str
) -> None:
    assert (await provider.send(message(title=text, body=text))).outcome is OK
    assert 4_092 < len(server.http.requests[-1].body) <= 4_096
    ((_, payload),) = server.accepted
    assert payload["aps"]["alert"]["body"].endswith("…")


async def test_nothing_is_sent_when_the_data_alone_is_too_large(server: ApnsServer, provider: ApnsProvider) -> None:
    report = await provider.send(message(data={"blob": "x" * 5_000}))
    assert (report.outcome, report.error_code) == (RECIPIENT, "apns.payload_too_large")
    assert not server.http.requests


@pytest.mark.parametrize("token", ["../../evil", "ab\r\nx", "zz", "é", "a" * 401])
async def test_a_malformed_token_is_not_sent_when_it_could_change_the_path(
    server: ApnsServer, provider: ApnsProvider, token: str
) -> None:
    report = await provider.send(message(token))
    assert (report.outcome, report.error_code, list(report.dead)) == (RECIPIENT, "apns.malformed_token", [])
    assert not server.http.requests


async def test_there_is_no_address_when_no_token_is_apple_s(server: ApnsServer, provider: ApnsProvider) -> None:
    report = await provider.send(push_message({"fcm": {"tokens": [DEVICE]}}))
    assert (report.outcome, report.error_code) == (RECIPIENT, "apns.no_address")


async def test_it_goes_to_production_over_http_2_when_nothing_else_is_said(
    server: ApnsServer, clock: FixedClock
) -> None:
    client = RecordingHttpClient()
    await ApnsProvider("apns", account(server), client, clock).send(message())
    (request,) = client.requests
    assert (request.url, request.http2) == (f"{PRODUCTION}/3/device/{DEVICE}", True)


async def test_tls_and_alpn_carry_it_when_the_address_is_https(
    server: ApnsServer, clock: FixedClock, tmp_path: Path
) -> None:
    theirs, ours = tls_contexts(tmp_path, "push.example.test")
    client = Httpx2HttpClient(EgressSettings(allow_cidrs=("127.0.0.0/8",)), Loopback(), log=MemoryLog, ssl_context=ours)
    async with h2_server(theirs) as http:
        http.otherwise = server.judge
        base_url = http.url("", host="push.example.test", scheme="https")
        report = await ApnsProvider("apns", account(server), client, clock, base_url=base_url).send(message())
        assert (report.outcome, http.alpn) == (OK, {"h2"})
        await client.stop()


async def test_a_blocked_address_is_a_mistake_of_the_configuration(server: ApnsServer, clock: FixedClock) -> None:
    client = RecordingHttpClient([HttpFailure(kind=HttpFailureKind.BLOCKED, reason="refused")])
    report = await ApnsProvider("apns", account(server), client, clock).send(message())
    assert (report.outcome, report.error_code) == (PROVIDER, "apns.blocked")


async def test_secrets_stay_out_when_apple_repeats_them(server: ApnsServer, provider: ApnsProvider) -> None:
    async def echo(stream: Stream) -> None:
        said = {"reason": "InternalServerError", "a": stream.request.headers["authorization"], "d": DEVICE}
        stream.respond(500, json.dumps(said).encode())

    server.staged.append(echo)
    report = await provider.send(message())
    assert server.provider_tokens[-1] not in repr(report)
    assert DEVICE not in repr(report)
    assert "PRIVATE" not in repr(account(server))


def test_a_key_that_is_none_is_refused_without_quoting_it(clock: FixedClock) -> None:
    broken = ApnsAccount(team_id=TEAM, key_id=KEY_ID, private_key="hunter2", topic=TOPIC)
    with pytest.raises(ValueError, match="no P-256 key") as raised:
        ApnsProvider("apns", broken, RecordingHttpClient(), clock)
    assert "hunter2" not in str(raised.value)
