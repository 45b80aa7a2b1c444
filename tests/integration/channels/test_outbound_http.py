"""Outbound HTTP against a real server: B-30 at connection time, F-15, S-09."""

import asyncio
import logging
import time
import tracemalloc
from collections.abc import AsyncIterator, Callable, Sequence
from ipaddress import ip_address
from pathlib import Path

import pytest

from application.ports.http_client import HttpFailure, HttpFailureKind, HttpRequest, HttpResponse
from application.ports.log import Log
from infrastructure.config.egress import EgressSettings
from infrastructure.http_client.address_table import IpAddress
from infrastructure.http_client.httpx2 import HttpLimits, Httpx2HttpClient
from infrastructure.http_client.resolver import NameNotResolved, Resolver, SystemResolver
from infrastructure.observability.memory_log import MemoryLog
from tests.integration.channels.certificates import tls_contexts
from tests.integration.channels.http_sink import HttpSink, answer, hang, http_sink, raw, reset

OPEN = EgressSettings(allow_cidrs=("127.0.0.0/8",))
BLOCKED = HttpFailure(kind=HttpFailureKind.BLOCKED, reason="refused")


class Answers(Resolver):
    """Answers each look-up with the next list, the last one for ever."""

    def __init__(self, *lists: Sequence[str]) -> None:
        self.asked: list[str] = []
        self._lists = list(lists)

    async def resolve(self, host: str) -> Sequence[IpAddress]:
        self.asked.append(host)
        current = self._lists.pop(0) if len(self._lists) > 1 else self._lists[0]
        if not current:
            raise NameNotResolved
        return [ip_address(each) for each in current]


class NeverAnswers(Resolver):
    async def resolve(self, host: str) -> Sequence[IpAddress]:
        await asyncio.sleep(60)
        raise AssertionError(host)


@pytest.fixture
async def sink() -> AsyncIterator[HttpSink]:
    async with http_sink() as sink:
        yield sink


async def post(
    url: str,
    resolver: Resolver,
    settings: EgressSettings = OPEN,
    timeout: float = 2.0,
    log: Callable[[], Log] | None = None,
) -> HttpResponse | HttpFailure:
    client = Httpx2HttpClient(
        settings, resolver, limits=HttpLimits(dns_timeout=0.2, connect_timeout=0.5), log=log or MemoryLog
    )
    try:
        return await client.send(HttpRequest(method="POST", url=url, body=b"{}", timeout=timeout))
    finally:
        await client.stop()


async def test_b30_connects_to_the_pinned_address_with_the_original_host(sink: HttpSink) -> None:
    resolver = Answers(["127.0.0.1"])
    response = await post(sink.url(host="hooks.example.test"), resolver)
    assert isinstance(response, HttpResponse)
    assert resolver.asked == ["hooks.example.test"]
    assert sink.requests[0].headers["host"] == f"hooks.example.test:{sink.port}"


@pytest.mark.parametrize(
    "answers",
    [
        ["10.0.0.1"],
        ["169.254.169.254"],
        ["::1"],
        ["::ffff:10.0.0.1"],
        ["64:ff9b::a9fe:a9fe"],
        ["127.0.0.1", "10.0.0.1"],
        ["127.0.0.1", "fd00::1"],
        ["fd00::1", "127.0.0.1"],
        ["0.0.0.0"],
    ],
)
async def test_b30_refuses_when_any_dns_answer_is_blocked(sink: HttpSink, answers: list[str]) -> None:
    assert await post(sink.url(host="hooks.example.test"), Answers(answers)) == BLOCKED
    assert sink.connections == 0


async def test_b30_a_public_name_that_resolves_to_loopback_is_refused_without_configuration(sink: HttpSink) -> None:
    closed = EgressSettings(ports=(80, 443, sink.port))
    assert await post(sink.url(host="hooks.example.test"), Answers(["127.0.0.1"]), closed) == BLOCKED
    assert sink.connections == 0


async def test_b30_dns_rebinding_does_not_matter_when_the_second_answer_is_private(sink: HttpSink) -> None:
    """A checker that asks twice would be told 127.0.0.1 (opened here) and then connect to what the second says."""
    resolver = Answers(["127.0.0.1"], ["127.0.0.2"])
    assert isinstance(await post(sink.url(host="hooks.example.test"), resolver), HttpResponse)
    assert len(resolver.asked) == 1
    assert sink.connections == 1


async def test_b30_dns_rebinding_is_refused_when_a_later_connection_is_sent_elsewhere(sink: HttpSink) -> None:
    sink.otherwise = answer(200, b"", connection="close")
    client = Httpx2HttpClient(OPEN, Answers(["127.0.0.1"], ["10.0.0.1"]), log=MemoryLog)
    request = HttpRequest(method="POST", url=sink.url(host="hooks.example.test"))
    assert isinstance(await client.send(request), HttpResponse)
    assert await client.send(request) == BLOCKED
    assert sink.connections == 1
    await client.stop()


async def test_b30_a_redirect_to_a_private_address_is_not_followed(sink: HttpSink) -> None:
    async with http_sink() as inner:
        sink.otherwise = answer(302, b"", location=inner.url("/latest/meta-data"))
        response = await post(sink.url(), SystemResolver())
        assert isinstance(response, HttpResponse)
        assert response.status == 302
        assert inner.connections == 0


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "2130706433", "127.1", "0x7f.1", "0177.0.0.1", "[::1]", "[::ffff:7f00:1]", "localhost"]
)
async def test_b30_no_spelling_of_loopback_is_connected_to(sink: HttpSink, host: str) -> None:
    closed = EgressSettings(ports=(80, 443, sink.port))
    assert await post(sink.url(host=host), SystemResolver(), closed) == BLOCKED
    assert sink.connections == 0


@pytest.mark.parametrize("url", ["file:///etc/passwd", "gopher://127.0.0.1/", "http://u:p@127.0.0.1/", "//127.0.0.1/"])
async def test_b30_urls_that_are_refused_at_creation_are_refused_at_sending(url: str) -> None:
    assert await post(url, SystemResolver()) == BLOCKED


async def test_b30_foreign_ports_are_refused_at_connection_when_the_range_is_opened() -> None:
    assert await post("http://hooks.example.test:6379/", Answers(["127.0.0.1"])) == BLOCKED


async def test_b30_dns_that_hangs_for_60_s_ends_at_its_own_deadline() -> None:
    started = time.monotonic()
    failure = await post("http://hooks.example.test/", NeverAnswers(), timeout=10)
    assert failure == HttpFailure(kind=HttpFailureKind.NOT_SENT, reason="dns")
    assert time.monotonic() - started < 2


async def test_says_not_sent_when_the_name_is_unknown() -> None:
    failure = await post("http://hooks.example.test/", Answers([]))
    assert failure == HttpFailure(kind=HttpFailureKind.NOT_SENT, reason="dns")


async def test_says_not_sent_when_nobody_listens(sink: HttpSink) -> None:
    async with http_sink() as gone:
        url = gone.url()
    failure = await post(url, SystemResolver())
    assert failure == HttpFailure(kind=HttpFailureKind.NOT_SENT, reason="connect")


async def test_tries_the_next_pinned_address_when_one_does_not_answer(sink: HttpSink) -> None:
    response = await post(sink.url(host="hooks.example.test"), Answers(["127.0.0.9", "127.0.0.1"]))
    assert isinstance(response, HttpResponse)


async def test_proxies_of_the_environment_are_not_used(sink: HttpSink, monkeypatch: pytest.MonkeyPatch) -> None:
    async with http_sink() as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url("/"))
        assert isinstance(await post(sink.url(), SystemResolver()), HttpResponse)
        assert proxy.connections == 0


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (reset, HttpFailureKind.AMBIGUOUS),
        (hang, HttpFailureKind.AMBIGUOUS),
        (raw(b"SSH-2.0\r\n"), HttpFailureKind.AMBIGUOUS),
    ],
)
async def test_f15_is_ambiguous_when_the_request_was_read_and_nothing_came(
    sink: HttpSink, reply: object, kind: HttpFailureKind
) -> None:
    sink.otherwise = reply  # type: ignore[assignment]
    failure = await post(sink.url(), SystemResolver(), timeout=1.0)
    assert isinstance(failure, HttpFailure)
    assert failure.kind is kind
    assert len(sink.requests) == 1


async def test_f15_reset_right_after_accept_is_no_success(sink: HttpSink) -> None:
    sink.accept = reset
    failure = await post(sink.url(), SystemResolver())
    assert isinstance(failure, HttpFailure)
    assert failure.kind in {HttpFailureKind.AMBIGUOUS, HttpFailureKind.NOT_SENT}


async def test_f15_ten_megabytes_are_cut_at_the_cap_in_flat_memory(sink: HttpSink) -> None:
    megabyte = b"x" * 1_000_000
    sink.otherwise = raw(b"HTTP/1.1 200 OK\r\ncontent-length: 10000000\r\n\r\n", *[megabyte] * 10)
    tracemalloc.start()
    response = await post(sink.url(), SystemResolver())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert isinstance(response, HttpResponse)
    assert len(response.body) == 65_536
    assert not response.complete
    assert peak < 6_000_000  # the server's own megabytes included


async def test_f15_an_endless_header_is_cut_off(sink: HttpSink) -> None:
    sink.otherwise = raw(b"HTTP/1.1 200 OK\r\n", *[b"x-a: " + b"b" * 60_000 + b"\r\n"] * 10)
    failure = await post(sink.url(), SystemResolver())
    assert failure == HttpFailure(kind=HttpFailureKind.AMBIGUOUS, reason="protocol")


async def test_f15_one_byte_a_second_ends_at_the_total_deadline_when_the_head_is_slow(sink: HttpSink) -> None:
    sink.otherwise = raw(*[bytes([byte]) for byte in b"HTTP/1.1 200 OK\r\n\r\n"], pause=0.1)
    started = time.monotonic()
    failure = await post(sink.url(), SystemResolver(), timeout=1.0)
    assert failure == HttpFailure(kind=HttpFailureKind.AMBIGUOUS, reason="timeout")
    assert time.monotonic() - started < 1.8


async def test_f15_one_byte_a_second_keeps_the_status_when_only_the_body_is_slow(sink: HttpSink) -> None:
    sink.otherwise = raw(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n", *[b"x"] * 100, pause=0.1)
    response = await post(sink.url(), SystemResolver(), timeout=1.0)
    assert isinstance(response, HttpResponse)
    assert response.status == 200
    assert not response.complete
    assert 0 < len(response.body) < 50


async def test_f15_a_gzip_bomb_stays_packed(sink: HttpSink) -> None:
    sink.otherwise = answer(200, b"\x1f\x8b" + b"\0" * 1_000, content_encoding="gzip")
    response = await post(sink.url(), SystemResolver())
    assert isinstance(response, HttpResponse)
    assert response.body.startswith(b"\x1f\x8b")
    assert sink.requests[0].headers["accept-encoding"] == "identity"


async def test_tls_certificates_and_sni_mean_the_name_when_the_address_is_pinned(tmp_path: Path) -> None:
    server, trusting = tls_contexts(tmp_path, "hooks.example.test")
    seen: list[str | None] = []
    server.sni_callback = lambda _socket, name, _context: seen.append(name)
    async with http_sink(server) as sink:
        client = Httpx2HttpClient(OPEN, Answers(["127.0.0.1"]), ssl_context=trusting, log=MemoryLog)
        good = HttpRequest(method="POST", url=sink.url(host="hooks.example.test", scheme="https"))
        bad = HttpRequest(method="POST", url=sink.url(host="other.example.test", scheme="https"))
        assert isinstance(await client.send(good), HttpResponse)
        assert await client.send(bad) == HttpFailure(kind=HttpFailureKind.NOT_SENT, reason="tls")
        await client.stop()
    assert seen == ["hooks.example.test", "other.example.test"]
    assert len(sink.requests) == 1


async def test_f15_an_unknown_authority_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    server, _ = tls_contexts(tmp_path, "hooks.example.test")
    async with http_sink(server) as sink:
        failure = await post(sink.url(host="hooks.example.test", scheme="https"), Answers(["127.0.0.1"]))
    assert failure == HttpFailure(kind=HttpFailureKind.NOT_SENT, reason="tls")
    assert sink.requests == []


async def test_one_connection_serves_many_requests_to_one_name_and_none_to_another(sink: HttpSink) -> None:
    client = Httpx2HttpClient(OPEN, Answers(["127.0.0.1"]), log=MemoryLog)
    for host in ["a.example.test", "a.example.test", "b.example.test"]:
        assert isinstance(await client.send(HttpRequest(method="POST", url=sink.url(host=host))), HttpResponse)
    assert sink.connections == 2
    await client.stop()


async def test_requests_beyond_the_connections_wait_within_their_own_deadline(sink: HttpSink) -> None:
    sink.otherwise = hang
    client = Httpx2HttpClient(OPEN, SystemResolver(), limits=HttpLimits(max_connections=1), log=MemoryLog)
    slow = asyncio.create_task(client.send(HttpRequest(method="POST", url=sink.url(), timeout=1.5)))
    await sink.asked.wait()
    waiting = await client.send(HttpRequest(method="POST", url=sink.url(), timeout=0.2))
    assert waiting == HttpFailure(kind=HttpFailureKind.NOT_SENT, reason="timeout")
    assert await slow == HttpFailure(kind=HttpFailureKind.AMBIGUOUS, reason="timeout")
    await client.stop()


async def test_the_configured_total_beats_what_a_request_asks_for(sink: HttpSink) -> None:
    sink.otherwise = hang
    settings = EgressSettings(allow_cidrs=("127.0.0.0/8",), timeout=0.3)
    started = time.monotonic()
    failure = await post(sink.url(), SystemResolver(), settings, timeout=30)
    assert failure == HttpFailure(kind=HttpFailureKind.AMBIGUOUS, reason="timeout")
    assert time.monotonic() - started < 5


async def test_a_header_that_cannot_be_sent_is_an_invalid_request(sink: HttpSink) -> None:
    client = Httpx2HttpClient(OPEN, SystemResolver(), log=MemoryLog)
    for value in ("é", "a\r\nx-injected: b"):
        failure = await client.send(HttpRequest(method="POST", url=sink.url(), headers={"x-a": value}))
        assert failure == HttpFailure(kind=HttpFailureKind.NOT_SENT, reason="invalid_request")
    assert sink.requests == []
    await client.stop()


async def test_requests_to_a_busy_host_wait_and_others_go_on_when_its_slots_are_taken(sink: HttpSink) -> None:
    sink.replies.append(hang)
    settings = EgressSettings(allow_cidrs=("127.0.0.0/8",), max_per_host=1)
    client = Httpx2HttpClient(settings, Answers(["127.0.0.1"]), log=MemoryLog)
    slow = asyncio.create_task(client.send(HttpRequest(method="POST", url=sink.url(host="a.example.test"))))
    await sink.asked.wait()
    waiting = await client.send(HttpRequest(method="POST", url=sink.url(host="a.example.test"), timeout=0.2))
    assert waiting == HttpFailure(kind=HttpFailureKind.NOT_SENT, reason="timeout")
    other = await client.send(HttpRequest(method="POST", url=sink.url(host="b.example.test")))
    assert isinstance(other, HttpResponse)

    slow.cancel()
    await asyncio.wait([slow])
    again = await client.send(HttpRequest(method="POST", url=sink.url(host="a.example.test")))
    assert isinstance(again, HttpResponse)
    await client.stop()


async def test_each_call_has_one_line_without_the_url_s_secrets(
    sink: HttpSink, caplog: pytest.LogCaptureFixture
) -> None:
    log = MemoryLog()
    closed = EgressSettings(allow_cidrs=())
    with caplog.at_level(logging.INFO):
        await post(sink.url("/hook/canary-4711?key=canary-4711"), SystemResolver(), log=lambda: log)
        await post(sink.url("/hook/canary-4711"), SystemResolver(), closed, log=lambda: log)
        await post("http://user:canary-4711@a.example.test/", Answers([]), log=lambda: log)
        await post("http://[canary-4711", Answers([]), log=lambda: log)

    lines = [dict(line.fields) for line in log.lines()]
    assert all(isinstance(line.pop("duration_ms"), float) for line in lines)
    here = f"127.0.0.1:{sink.port}"
    refused = {"method": "POST", "outcome": "blocked", "status": None, "reason": "refused"}
    assert lines == [
        {"method": "POST", "host": here, "outcome": "answered", "status": 200, "reason": None},
        {**refused, "host": here},
        {**refused, "host": "a.example.test:80"},
        {**refused, "host": "(invalid)"},
    ]
    assert {line.event for line in log.lines()} == {"http.call"}
    assert "canary-4711" not in caplog.text + str(log.lines())


async def test_a_call_has_its_line_when_it_is_cancelled(sink: HttpSink) -> None:
    sink.otherwise = hang
    log = MemoryLog()
    calling = asyncio.create_task(post(sink.url(), SystemResolver(), log=lambda: log))
    await sink.asked.wait()
    calling.cancel()
    await asyncio.wait([calling])

    (line,) = log.lines("http.call")
    assert line.fields["outcome"] == "broken_off"
