"""Outbound HTTP/2 against a real server: what one connection for many requests may lose, and what it must not."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from ipaddress import ip_address
from pathlib import Path

import pytest
from h2.errors import ErrorCodes

from application.ports.http_client import HttpFailure, HttpFailureKind, HttpRequest, HttpResponse
from infrastructure.config.egress import EgressSettings
from infrastructure.http_client.address_table import IpAddress
from infrastructure.http_client.httpx2 import Httpx2HttpClient
from infrastructure.http_client.resolver import Resolver
from infrastructure.observability.memory_log import MemoryLog
from tests.integration.channels.certificates import tls_contexts
from tests.integration.channels.h2_server import Http2Server, Stream, answer, h2_server, hang
from tests.integration.channels.http_sink import http_sink

OPEN = EgressSettings(allow_cidrs=("127.0.0.0/8",))
HOST = "push.example.test"
DATA_OF_NO_STREAM = b"\x00\x00\x01\x00\x00\x00\x00\x00\x00x"
SETTINGS_OF_A_STREAM = b"\x00\x00\x00\x04\x00\x00\x00\x00\x01"


class Pinned(Resolver):
    async def resolve(self, host: str) -> Sequence[IpAddress]:
        return [ip_address("127.0.0.1")]


def new_client(settings: EgressSettings = OPEN, ssl_context: ssl.SSLContext | None = None) -> Httpx2HttpClient:
    return Httpx2HttpClient(settings, Pinned(), log=MemoryLog, ssl_context=ssl_context)


@pytest.fixture
async def server() -> AsyncIterator[Http2Server]:
    async with h2_server() as server:
        yield server


@pytest.fixture
async def client() -> AsyncIterator[Httpx2HttpClient]:
    client = new_client()
    yield client
    await client.stop()


def post(
    server: Http2Server, headers: Mapping[str, str] | None = None, *, timeout: float = 5.0, body: bytes = b"{}"
) -> HttpRequest:
    return HttpRequest(
        method="POST", url=server.url(host=HOST), headers=headers or {}, body=body, timeout=timeout, http2=True
    )


def failed(kind: HttpFailureKind, reason: str) -> HttpFailure:
    return HttpFailure(kind=kind, reason=reason)


async def test_tls_negotiates_h2_and_keeps_the_name_when_the_address_was_judged(tmp_path: Path) -> None:
    theirs, ours = tls_contexts(tmp_path, HOST)
    client = new_client(ssl_context=ours)
    async with h2_server(theirs) as server:
        request = HttpRequest(method="POST", url=server.url(host=HOST, scheme="https"), http2=True)
        assert isinstance(await client.send(request), HttpResponse)
        assert server.alpn == {"h2"}
        assert server.requests[0].headers[":authority"] == f"{HOST}:{server.port}"
        await client.stop()


async def test_an_unknown_authority_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    theirs, _ = tls_contexts(tmp_path, HOST)
    client = new_client()
    async with h2_server(theirs) as server:
        request = HttpRequest(method="POST", url=server.url(host=HOST, scheme="https"), http2=True)
        assert await client.send(request) == failed(HttpFailureKind.NOT_SENT, "tls")
        assert not server.requests
        await client.stop()


async def test_a_peer_of_http_1_is_a_failure_and_no_request_when_http_2_was_asked_for(tmp_path: Path) -> None:
    theirs, ours = tls_contexts(tmp_path, HOST)
    client = new_client(ssl_context=ours)
    async with http_sink(theirs) as sink:
        request = HttpRequest(method="POST", url=sink.url(host=HOST, scheme="https"), http2=True, timeout=1)
        assert isinstance(await client.send(request), HttpFailure)
        assert [each.method for each in sink.requests] in ([], ["PRI"])
        await client.stop()


async def test_b30_a_blocked_address_is_not_connected_to_when_http_2_is_asked_for(server: Http2Server) -> None:
    client = new_client(EgressSettings(ports=(80, 443, server.port)))
    assert await client.send(post(server)) == failed(HttpFailureKind.BLOCKED, "refused")
    assert server.connections == 0
    await client.stop()


async def test_many_requests_share_one_connection_when_they_are_sent_at_once(
    server: Http2Server, client: Httpx2HttpClient
) -> None:
    answers = await asyncio.gather(*(client.send(post(server, body=b"x" * 4_096)) for _ in range(50)))
    assert {each.status for each in answers if isinstance(each, HttpResponse)} == {200}
    assert (len(server.requests), server.connections) == (50, 1)


async def test_http_1_and_http_2_do_not_mix_when_one_host_has_both(client: Httpx2HttpClient) -> None:
    async with http_sink() as sink, h2_server() as server:
        assert isinstance(await client.send(post(server)), HttpResponse)
        assert isinstance(await client.send(HttpRequest(method="POST", url=sink.url(host=HOST))), HttpResponse)
        assert isinstance(await client.send(post(server)), HttpResponse)
        assert (len(sink.requests), len(server.requests)) == (1, 2)


async def test_a_new_connection_is_made_when_a_request_broke_off(server: Http2Server, client: Httpx2HttpClient) -> None:
    server.max_streams = 1
    server.replies.append(hang)
    assert await client.send(post(server, timeout=0.3)) == failed(HttpFailureKind.AMBIGUOUS, "timeout")
    assert isinstance(await client.send(post(server)), HttpResponse)
    assert server.connections == 2


async def test_others_on_the_connection_go_on_when_one_request_is_cancelled(
    server: Http2Server, client: Httpx2HttpClient
) -> None:
    release = asyncio.Event()

    async def later(stream: Stream) -> None:
        await release.wait()
        stream.respond(200, b"late")

    assert isinstance(await client.send(post(server)), HttpResponse)
    server.asked.clear()
    server.replies.extend([later, hang])
    patient = asyncio.create_task(client.send(post(server)))
    await server.asked.wait()
    server.asked.clear()
    hasty = asyncio.create_task(client.send(post(server)))
    await server.asked.wait()
    hasty.cancel()
    await asyncio.wait([hasty])
    assert isinstance(await client.send(post(server)), HttpResponse)
    release.set()
    answered = await patient
    assert isinstance(answered, HttpResponse)
    assert (answered.body, server.connections) == (b"late", 2)


async def test_a_repeat_is_safe_when_the_peer_refused_the_stream(server: Http2Server, client: Httpx2HttpClient) -> None:
    async def refuse(stream: Stream) -> None:
        stream.reset(ErrorCodes.REFUSED_STREAM)

    server.replies.append(refuse)
    assert await client.send(post(server)) == failed(HttpFailureKind.NOT_SENT, "reset")


async def test_it_is_ambiguous_when_the_peer_reset_the_stream_after_reading(
    server: Http2Server, client: Httpx2HttpClient
) -> None:
    async def fail(stream: Stream) -> None:
        stream.reset(ErrorCodes.INTERNAL_ERROR)

    server.replies.append(fail)
    assert await client.send(post(server)) == failed(HttpFailureKind.AMBIGUOUS, "protocol")


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        (0, failed(HttpFailureKind.NOT_SENT, "reset")),
        (1, failed(HttpFailureKind.AMBIGUOUS, "protocol")),
    ],
)
async def test_a_farewell_says_what_was_processed_when_the_peer_goes_away(
    server: Http2Server, client: Httpx2HttpClient, last: int, expected: HttpFailure
) -> None:
    async def leave(stream: Stream) -> None:
        stream.go_away(last)

    server.replies.append(leave)
    assert await client.send(post(server)) == expected
    assert isinstance(await client.send(post(server)), HttpResponse)


async def test_a_request_goes_again_when_the_farewell_came_before_it_was_processed(
    server: Http2Server, client: Httpx2HttpClient
) -> None:
    async def leave(stream: Stream) -> None:
        stream.go_away(1)

    assert isinstance(await client.send(post(server)), HttpResponse)
    server.replies.append(leave)
    assert isinstance(await client.send(post(server)), HttpResponse)
    assert server.connections == 2


@pytest.mark.parametrize("raw", [DATA_OF_NO_STREAM, SETTINGS_OF_A_STREAM])
async def test_a_peer_that_breaks_the_protocol_is_a_value_when_it_answers(
    server: Http2Server, client: Httpx2HttpClient, raw: bytes
) -> None:
    async def babble(stream: Stream) -> None:
        stream.write(raw)

    server.replies.append(babble)
    assert await client.send(post(server)) == failed(HttpFailureKind.AMBIGUOUS, "protocol")


async def test_a_status_that_is_no_number_is_a_value(server: Http2Server, client: Httpx2HttpClient) -> None:
    server.replies.append(answer("ok"))
    assert await client.send(post(server)) == failed(HttpFailureKind.AMBIGUOUS, "protocol")


async def test_an_answer_counts_when_its_body_never_ends(server: Http2Server, client: Httpx2HttpClient) -> None:
    async def half(stream: Stream) -> None:
        stream.respond_in_part(410, b'{"reason"')

    server.replies.append(half)
    told = await client.send(post(server, timeout=0.3))
    assert isinstance(told, HttpResponse)
    assert (told.status, told.body, told.complete) == (410, b'{"reason"', False)


async def test_an_answer_is_cut_and_its_connection_given_up_when_it_is_too_long(server: Http2Server) -> None:
    client = new_client(EgressSettings(allow_cidrs=("127.0.0.0/8",), max_response_bytes=1_024))
    server.replies.append(answer(200, b"x" * 10_000))
    told = await client.send(post(server))
    assert isinstance(told, HttpResponse)
    assert (told.body, told.complete) == (b"x" * 1_024, False)
    assert isinstance(await client.send(post(server)), HttpResponse)
    assert server.connections == 2
    await client.stop()


@pytest.mark.parametrize(
    ("name", "value"),
    [("x-a", "é"), ("x-a", "a\r\nx-injected: b"), ("x-a", "a\x00"), ("a b", "c")],
)
async def test_a_header_that_cannot_be_sent_is_an_invalid_request(
    server: Http2Server, client: Httpx2HttpClient, name: str, value: str
) -> None:
    told = await client.send(post(server, {name: value}))
    assert told == failed(HttpFailureKind.NOT_SENT, "invalid_request")
    assert not server.requests
    assert isinstance(await client.send(post(server)), HttpResponse)
