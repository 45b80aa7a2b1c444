"""How much a request may bring (B-07, B-10)."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from app.http.middleware import body_limit
from app.http.options import HttpOptions
from application.shared.idempotency import Answer
from tests.unit.http.asgi import LEAVE, ask
from tests.unit.http.documents import ACCEPTED
from tests.unit.http.stand_in import BACKEND, Api

LIMIT = 4_096
SEND = "/api/v1/notifications"
HEADERS = [*BACKEND.items(), ("content-type", "application/json")]


@pytest.fixture
def api() -> Api:
    api = Api(options=HttpOptions(max_body_bytes=LIMIT, body_seconds=0.2))
    api.send_notification.answer = Answer(ACCEPTED)
    return api


def body_of(size: int) -> bytes:
    body = b'{"to":["a"],"content":{"title":"t"}}'
    return body + b" " * (size - len(body))


async def test_b07_takes_a_body_when_it_is_as_large_as_allowed(api: Api) -> None:
    for pieces in ([body_of(LIMIT)], [body_of(LIMIT)[:1_000], body_of(LIMIT)[1_000:]]):
        answer = await ask(api.app(), "POST", SEND, headers=HEADERS, pieces=pieces)
        assert answer.status == 202


@pytest.mark.parametrize("size", [LIMIT + 1, LIMIT * 10])
@pytest.mark.parametrize("announced", [None, "right", "10", "0", "nonsense"])
async def test_b07_answers_413_when_more_comes_than_is_allowed(api: Api, size: int, announced: str | None) -> None:
    length = {None: [], "right": [("content-length", str(size))]}.get(announced, [("content-length", announced or "")])

    answer = await ask(
        api.app(), "POST", SEND, headers=[*HEADERS, *length], pieces=[body_of(size)[:2_000], body_of(size)[2_000:]]
    )

    assert (answer.status, answer.json["code"]) == (413, "request.too_large")
    assert answer.headers["connection"] == "close"
    assert answer.complete
    assert not api.send_notification.calls


async def test_b07_refuses_before_reading_when_the_length_is_announced(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(body_limit, "LINGER_BYTES", 0)
    headers = [*HEADERS, ("content-length", str(10**12))]

    answer = await ask(api.app(), "POST", SEND, headers=headers, pieces=[b"x" * 1_000] * 1_000)

    assert (answer.status, answer.received) == (413, 0)


async def test_b07_waits_for_the_rest_no_longer_than_it_should_when_less_comes_than_announced(api: Api) -> None:
    async def half() -> AsyncIterator[bytes]:
        yield b'{"to":'
        await asyncio.Event().wait()

    answer = await ask(api.app(), "POST", SEND, headers=[*HEADERS, ("content-length", "500")], pieces=half())

    assert (answer.status, answer.json["code"]) == (408, "request.too_slow")
    assert answer.headers["connection"] == "close"


async def test_b07_reads_little_more_than_the_limit_when_a_body_never_ends(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(body_limit, "LINGER_BYTES", 10_000)

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 1_000

    answer = await ask(api.app(), "POST", SEND, headers=HEADERS, pieces=endless())

    assert answer.status == 413
    assert answer.received <= LIMIT + 10_000 + 2_000


async def test_b07_stops_throwing_away_when_the_client_stops_sending(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body_limit, "LINGER_SECONDS", 0.05)

    async def stalling() -> AsyncIterator[bytes]:
        yield b"x" * (LIMIT + 1)
        await asyncio.Event().wait()

    async with asyncio.timeout(5):
        answer = await ask(api.app(), "POST", SEND, headers=HEADERS, pieces=stalling())

    assert (answer.status, answer.complete) == (413, True)


async def test_records_no_defect_when_the_client_leaves_half_way(api: Api) -> None:
    answer = await ask(api.app(), "POST", SEND, headers=HEADERS, pieces=[b'{"to":', LEAVE])

    assert answer.status == 400
    assert not api.log.lines("http.failed")


async def test_leaves_the_connection_alone_when_nothing_is_too_large(api: Api) -> None:
    answer = await ask(api.app(), "POST", SEND, headers=HEADERS, pieces=[b"{"])

    assert answer.status == 400
    assert "connection" not in answer.headers
