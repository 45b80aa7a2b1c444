"""Web Push against a push service that verifies VAPID and a browser that decrypts."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from application.ports.http_client import HttpFailure, HttpFailureKind
from application.ports.notification_channel import OutboundMessage
from domain.notifications.attempt import AttemptOutcome
from infrastructure.channels.push.vapid import Vapid, VapidAccount
from infrastructure.channels.push.vapid_keys import VapidKeys, vapid_keys
from infrastructure.channels.push.webpush import WebPushProvider
from infrastructure.config.egress import EgressSettings
from infrastructure.http_client.httpx2 import Httpx2HttpClient
from infrastructure.http_client.resolver import SystemResolver
from infrastructure.memory.fixed_clock import FixedClock
from infrastructure.memory.recording_http_client import RecordingHttpClient
from infrastructure.observability.memory_log import MemoryLog
from tests.integration.channels.http_sink import HttpSink, Reply, answer, hang, http_sink
from tests.integration.channels.push_message import push_message
from tests.integration.channels.webpush_server import Browser, WebPushServer, decoded, webpush_server

OK = AttemptOutcome.OK
RETRYABLE = AttemptOutcome.RETRYABLE
THROTTLED = AttemptOutcome.THROTTLED
PROVIDER = AttemptOutcome.PROVIDER_PERMANENT
RECIPIENT = AttemptOutcome.RECIPIENT_PERMANENT
SUBJECT = "mailto:admin@carillon.example"


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(datetime(2026, 3, 1, 12, 0, tzinfo=UTC))


@pytest.fixture(scope="module")
def keys() -> VapidKeys:
    return vapid_keys()


@pytest.fixture
async def server(clock: FixedClock, keys: VapidKeys) -> AsyncIterator[WebPushServer]:
    async with webpush_server(clock.now, keys.public_key) as server:
        yield server


@pytest.fixture
async def client() -> AsyncIterator[Httpx2HttpClient]:
    client = Httpx2HttpClient(EgressSettings(allow_cidrs=("127.0.0.0/8",)), SystemResolver(), log=MemoryLog)
    yield client
    await client.stop()


@pytest.fixture
def provider(client: Httpx2HttpClient, clock: FixedClock, keys: VapidKeys) -> WebPushProvider:
    account = VapidAccount(private_key=keys.private_key, public_key=keys.public_key, subject=SUBJECT)
    return WebPushProvider("browsers", account, client, clock, timeout=1.5)


def message(*browsers: Browser, **changes: Any) -> OutboundMessage:
    return to([browser.subscription() for browser in browsers], **changes)


def to(subscriptions: list[Any], **changes: Any) -> OutboundMessage:
    return push_message({"webpush": {"subscriptions": subscriptions}}, **changes)


async def test_the_browser_reads_what_was_sent_when_everything_is_given(
    server: WebPushServer, provider: WebPushProvider
) -> None:
    report = await provider.send(
        message(
            server.subscribe(),
            data={"orderId": 42},
            actions=[{"id": "track", "label": "Track"}],
            sequence_id="order 42 é",
            severity="high",
        )
    )
    assert (report.outcome, report.status_code) == (OK, 201)
    assert report.message_id == server.sink.url("/message/1")
    ((headers, shown),) = server.accepted
    assert shown == {
        "id": "019a2b3c-0000-7000-8000-000000000001",
        "title": "Größe",
        "body": "Your order is on its way",
        "data": {"orderId": 42},
        "actions": [{"id": "track", "label": "Track"}],
        "tag": "order 42 é",
    }
    assert (headers["ttl"], headers["urgency"], len(headers["topic"])) == ("86400", "high", 32)
    assert "order" not in headers["topic"]


@pytest.mark.parametrize(
    ("severity", "urgency"), [("none", "normal"), ("low", "low"), ("medium", "normal"), ("high", "high")]
)
async def test_urgency_follows_severity(
    server: WebPushServer, provider: WebPushProvider, severity: str, urgency: str
) -> None:
    await provider.send(message(server.subscribe(), severity=severity))
    ((headers, shown),) = server.accepted
    assert headers["urgency"] == urgency
    assert "topic" not in headers
    assert "tag" not in shown


async def test_a_topic_is_the_same_for_one_sequence_and_another_for_another(
    server: WebPushServer, provider: WebPushProvider
) -> None:
    browser = server.subscribe()
    for sequence_id in ("a", "a", "b"):
        await provider.send(message(browser, sequence_id=sequence_id))
    first, second, third = (headers["topic"] for headers, _ in server.accepted)
    assert first == second != third


async def test_two_records_share_nothing_when_the_message_is_the_same(
    server: WebPushServer, provider: WebPushProvider
) -> None:
    browser = server.subscribe()
    for _ in range(2):
        await provider.send(message(browser))
    first, second = server.records
    assert first[:16] != second[:16]
    assert first[21:86] != second[21:86]
    assert server.accepted[0][1] == server.accepted[1][1]


@pytest.mark.parametrize(
    ("reply", "outcome", "code", "dead"),
    [
        (answer(404, b'{"errno":102}'), RECIPIENT, "webpush.gone", True),
        (answer(410, b'{"errno":106}'), RECIPIENT, "webpush.gone", True),
        (answer(413, b'{"errno":104}'), RECIPIENT, "webpush.payload_too_large", False),
        (answer(401, b'{"errno":109}'), PROVIDER, "webpush.unauthorized", False),
        (answer(403, b'{"reason":"BadJwtToken"}'), PROVIDER, "webpush.unauthorized", False),
        (answer(400, b"UnauthorizedRegistration"), RECIPIENT, "webpush.http_400", False),
        (answer(302, b"", location="http://169.254.169.254/"), RECIPIENT, "webpush.http_302", False),
        (answer(429, b""), THROTTLED, "webpush.throttled", False),
        (answer(500, b""), RETRYABLE, "webpush.http_500", False),
        (answer(503, b""), RETRYABLE, "webpush.http_503", False),
        (answer(202, b""), OK, None, False),
    ],
)
async def test_each_status_has_its_outcome_when_the_push_service_answers(
    server: WebPushServer,
    provider: WebPushProvider,
    reply: Reply,
    outcome: AttemptOutcome,
    code: str | None,
    dead: bool,
) -> None:
    browser = server.subscribe()
    server.staged.append(reply)
    report = await provider.send(message(browser))
    assert (report.outcome, report.error_code) == (outcome, code)
    assert list(report.dead) == ([browser.endpoint] if dead else [])
    assert len(server.sink.requests) == 1


@pytest.mark.parametrize(("asked", "wait"), [("30", 30.0), ("Sun, 01 Mar 2026 12:02:00 GMT", 120.0), ("soon", None)])
async def test_the_wait_is_the_push_service_s_when_it_names_one(
    server: WebPushServer, provider: WebPushProvider, asked: str, wait: float | None
) -> None:
    server.staged.append(answer(429, b"", retry_after=asked))
    assert (await provider.send(message(server.subscribe()))).retry_after == wait


async def test_it_is_sent_when_one_browser_of_several_accepts(server: WebPushServer, provider: WebPushProvider) -> None:
    lost, slow, well = (server.subscribe() for _ in range(3))
    del server.browsers[lost.endpoint.removeprefix(server.sink.url(""))]
    server.by_path[slow.endpoint.removeprefix(server.sink.url(""))] = hang
    report = await provider.send(message(lost, slow, well, well))
    assert (report.outcome, report.error_code) == (OK, None)
    assert list(report.dead) == [lost.endpoint]
    assert report.detail == "3 devices: 1 accepted, 1 webpush.gone, 1 webpush.timeout"
    assert len(server.accepted) == 1


async def test_twenty_browsers_read_the_same_when_all_are_well(
    server: WebPushServer, provider: WebPushProvider
) -> None:
    report = await provider.send(message(*(server.subscribe() for _ in range(20))))
    assert report.detail == "20 devices: 20 accepted"
    assert len(server.accepted) == 20


@pytest.mark.parametrize("text", ["x" * 100_000, "é" * 50_000, "😀" * 20_000, '"\\' * 10_000])
async def test_a_long_text_is_cut_to_the_record_on_a_character(
    server: WebPushServer, provider: WebPushProvider, text: str
) -> None:
    assert (await provider.send(message(server.subscribe(), title=text, body=text))).outcome is OK
    assert 4_092 < len(server.records[0]) <= 4_096
    assert server.accepted[0][1]["body"].endswith("…")


async def test_nothing_is_sent_when_the_data_alone_is_too_large(
    server: WebPushServer, provider: WebPushProvider
) -> None:
    report = await provider.send(message(server.subscribe(), data={"blob": "x" * 5_000}))
    assert (report.outcome, report.error_code) == (RECIPIENT, "webpush.payload_too_large")
    assert not server.sink.requests


@pytest.mark.parametrize(
    "broken",
    [
        {"p256dh": "", "auth": ""},
        {"p256dh": "AAAA"},
        {"p256dh": "é"},
        {"auth": "AAAA"},
        {"auth": None},
        {"p256dh": ["x"]},
        {"p256dh": "B" + "A" * 86},
    ],
)
async def test_a_subscription_is_malformed_when_its_keys_are_none(
    server: WebPushServer, provider: WebPushProvider, broken: dict[str, Any]
) -> None:
    subscription = server.subscribe().subscription()
    report = await provider.send(to([{**subscription, "keys": {**subscription["keys"], **broken}}]))
    assert (report.outcome, report.error_code) == (RECIPIENT, "webpush.malformed_subscription")
    assert not server.sink.requests


async def test_a_subscription_is_read_when_its_page_wrote_keys_in_plain_base64(
    server: WebPushServer, provider: WebPushProvider
) -> None:
    subscription = server.subscribe().subscription()
    plain = {name: key.replace("-", "+").replace("_", "/") for name, key in subscription["keys"].items()}
    plain["auth"] += "=="
    assert (await provider.send(to([{**subscription, "keys": plain}]))).outcome is OK


@pytest.mark.parametrize(
    "subscriptions", [[], [None], [{}], [{"endpoint": ""}], [{"endpoint": 7}], "https://push.example.com/x"]
)
async def test_there_is_no_address_when_no_subscription_has_an_endpoint(
    provider: WebPushProvider, subscriptions: Any
) -> None:
    report = await provider.send(to(subscriptions))
    assert (report.outcome, report.error_code) == (RECIPIENT, "webpush.no_address")


@pytest.fixture
async def inner() -> AsyncIterator[HttpSink]:
    async with http_sink() as sink:
        yield sink


async def test_b30_an_internal_endpoint_is_the_subscriber_s_fault_and_is_not_connected_to(
    server: WebPushServer, inner: HttpSink, clock: FixedClock, keys: VapidKeys
) -> None:
    closed = Httpx2HttpClient(EgressSettings(ports=(80, 443, inner.port)), SystemResolver(), log=MemoryLog)
    account = VapidAccount(private_key=keys.private_key, subject=SUBJECT)
    provider = WebPushProvider("browsers", account, closed, clock)
    good = server.subscribe().subscription()
    for endpoint in (inner.url(), inner.url(host="localhost"), "file:///etc/passwd", "http://a:b@x.example/", "x"):
        report = await provider.send(to([{**good, "endpoint": endpoint}]))
        assert (report.outcome, report.error_code) == (RECIPIENT, "webpush.blocked")
    assert inner.connections == 0
    await closed.stop()


@pytest.mark.parametrize(
    ("failure", "outcome", "code"),
    [
        (HttpFailure(kind=HttpFailureKind.BLOCKED, reason="refused"), RECIPIENT, "webpush.blocked"),
        (HttpFailure(kind=HttpFailureKind.NOT_SENT, reason="invalid_request"), RECIPIENT, "webpush.invalid_request"),
        (HttpFailure(kind=HttpFailureKind.NOT_SENT, reason="dns"), RETRYABLE, "webpush.dns"),
        (HttpFailure(kind=HttpFailureKind.AMBIGUOUS, reason="reset"), AttemptOutcome.AMBIGUOUS, "webpush.reset"),
    ],
)
async def test_each_failure_has_its_outcome_when_nothing_answers(
    server: WebPushServer,
    clock: FixedClock,
    keys: VapidKeys,
    failure: HttpFailure,
    outcome: AttemptOutcome,
    code: str,
) -> None:
    account = VapidAccount(private_key=keys.private_key, subject=SUBJECT)
    provider = WebPushProvider("browsers", account, RecordingHttpClient([failure]), clock)
    report = await provider.send(message(server.subscribe()))
    assert (report.outcome, report.error_code) == (outcome, code)


async def test_the_endpoint_stays_out_when_the_push_service_repeats_it(
    server: WebPushServer, provider: WebPushProvider, keys: VapidKeys
) -> None:
    browser = server.subscribe()
    token = browser.endpoint.rpartition("/")[2]
    server.staged.append(answer(500, json.dumps({"a": browser.endpoint, "b": token}).encode()))
    report = await provider.send(message(browser))
    assert token not in repr(report)
    assert keys.private_key not in repr(VapidAccount(private_key=keys.private_key, subject=SUBJECT)) + repr(keys)


async def test_the_push_service_refuses_when_another_key_signed(
    server: WebPushServer, client: Httpx2HttpClient, clock: FixedClock
) -> None:
    account = VapidAccount(private_key=vapid_keys().private_key, subject=SUBJECT)
    report = await WebPushProvider("browsers", account, client, clock).send(message(server.subscribe()))
    assert (report.outcome, report.error_code) == (PROVIDER, "webpush.unauthorized")


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"private_key": "hunter2"}, "32 bytes"),
        ({"private_key": "A" * 43}, "32 bytes"),
        ({"public_key": "BAAA"}, "does not belong"),
        ({"subject": "admin@carillon.example"}, "mailto"),
    ],
)
def test_an_account_is_refused_without_quoting_its_key(
    clock: FixedClock, keys: VapidKeys, changed: dict[str, str], words: str
) -> None:
    fields = {"private_key": keys.private_key, "public_key": keys.public_key, "subject": SUBJECT} | changed
    with pytest.raises(ValueError, match=words) as raised:
        WebPushProvider("browsers", VapidAccount(**fields), RecordingHttpClient(), clock)
    assert fields["private_key"] not in str(raised.value)


async def test_the_others_go_on_when_one_send_is_cancelled(server: WebPushServer, provider: WebPushProvider) -> None:
    browser = server.subscribe()
    server.staged.append(hang)
    sending = asyncio.create_task(provider.send(message(browser)))
    await server.sink.asked.wait()
    sending.cancel()
    await asyncio.wait([sending])
    assert (await provider.send(message(browser))).outcome is OK


def test_the_browser_of_these_tests_reads_the_example_of_the_rfc() -> None:
    """RFC 8291 section 5, so that what it reads of ours is not a mistake made twice."""
    private = int.from_bytes(decoded("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"), "big")
    browser = Browser("", "", ec.derive_private_key(private, ec.SECP256R1()), decoded("BTBZMqHH6r4Tts7J_aSIgg"))
    record = (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27ml"
        "mlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPT"
        "pK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )
    assert browser.decrypted(decoded(record)) == b"When I grow up, I want to be a watermelon"


def test_a_new_key_pair_belongs_together_and_is_never_the_same(clock: FixedClock) -> None:
    first, second = vapid_keys(), vapid_keys()
    assert first.private_key != second.private_key
    assert (len(decoded(first.public_key)), len(decoded(first.private_key))) == (65, 32)
    Vapid(VapidAccount(private_key=first.private_key, public_key=first.public_key, subject=SUBJECT), clock)
