"""Bad input in bodies: never a 5xx, always a problem (bad-input matrix B-01 to B-08, B-17, B-34)."""

import json
from contextlib import suppress
from typing import Any

import pytest
from httpx import AsyncClient, Response
from hypothesis import given
from hypothesis import strategies as st

from app.http.json_body import read_json
from app.http.notifications.schemas import SendNotificationBody
from app.http.refusals import MalformedRequest
from application.shared.idempotency import Answer
from domain.shared.errors import CarillonError, InvalidInput
from tests.unit.http.documents import ACCEPTED
from tests.unit.http.stand_in import ADA, BACKEND, Api

SEND = "/api/v1/notifications"
JSON = {**BACKEND, "content-type": "application/json"}
GOOD: dict[str, Any] = {"to": ["u1"], "content": {"title": "Shipped"}}


async def send(client: AsyncClient, body: bytes | str | dict[str, Any], **headers: str) -> Response:
    raw = json.dumps(body) if isinstance(body, dict) else body
    return await client.post(
        SEND, content=raw, headers={**JSON, **{k.replace("_", "-"): v for k, v in headers.items()}}
    )


def assert_problem(response: Response, status: int, code: str) -> dict[str, Any]:
    problem: dict[str, Any] = response.json()
    assert (response.status_code, problem["code"]) == (status, code), problem
    assert response.headers["content-type"] == "application/problem+json"
    assert (problem["status"], problem["statusCode"], problem["instance"]) == (status, status, response.url.path)
    assert problem["traceId"] == response.headers["traceparent"].split("-")[1]
    return problem


@pytest.mark.parametrize("depth", [3_000, 100_000])
async def test_b01_answers_400_when_json_is_nested_too_deeply(client: AsyncClient, depth: int) -> None:
    payload = "[" * depth + "]" * depth

    response = await send(client, f'{{"to":["u1"],"content":{{"title":"x"}},"payload":{{"a":{payload}}}}}')

    assert_problem(response, 400, "request.malformed")


@pytest.mark.parametrize("text", [b'"\xff\xfe"', b'"\\ud800"', b'"\xed\xa0\x80"', b'"\\udc00\\ud800"'])
async def test_b02_answers_400_when_text_is_no_unicode(client: AsyncClient, text: bytes) -> None:
    for body in (b'{"to":[%b]}', b'{"to":["a"],"content":{"title":%b}}', b'{"to":["a"],"payload":{"x":[%b]}}'):
        assert_problem(await send(client, body % text), 400, "request.malformed")


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({**GOOD, "content": {"title": "a\0"}}, "content.title"),
        ({**GOOD, "payload": {"a": [{"b": "\0"}]}}, "payload.a[0].b"),
        ({**GOOD, "payload": {"a\0": 1}}, "payload"),
        ({**GOOD, "overrides": {"email": "x\0"}}, "overrides.email"),
    ],
)
async def test_b03_answers_422_with_the_path_when_a_text_holds_nul(
    client: AsyncClient, body: dict[str, Any], path: str
) -> None:
    problem = assert_problem(await send(client, body), 422, "request.invalid")

    assert problem["errors"] == [{"path": path, "message": "contains a NUL character"}]


async def test_b03_takes_the_text_backslash_u0000_when_it_is_not_a_nul(api: Api, client: AsyncClient) -> None:
    api.send_notification.answer = Answer(ACCEPTED)

    response = await send(client, {**GOOD, "content": {"title": r"\u0000"}})

    assert response.status_code == 202
    assert api.send_notification.calls[0][0][0].content.title == r"\u0000"


@pytest.mark.parametrize("number", ["1e400", "NaN", "Infinity", "-1e999", "01", "1" * 5_000])
async def test_b04_answers_400_or_422_when_a_number_cannot_be_one(client: AsyncClient, number: str) -> None:
    response = await send(client, f'{{"to":["u1"],"content":{{"title":"x"}},"payload":{{"n":{number}}}}}')

    assert response.status_code in (400, 422)
    assert response.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1, 10**300])
async def test_b04_carries_large_integers_unchanged_when_they_are_free_json(
    api: Api, client: AsyncClient, number: int
) -> None:
    api.send_notification.answer = Answer(ACCEPTED)

    response = await send(client, {**GOOD, "payload": {"n": number}})

    assert response.status_code == 202
    assert api.send_notification.calls[0][0][0].payload == {"n": number}


@pytest.mark.parametrize("body", ["", " ", "{", "nul", '{"to":["a"],}', "\ufeff{}", '{"to":["a"]} x', "to=a"])
async def test_b05_answers_400_when_the_body_is_no_json(client: AsyncClient, body: str) -> None:
    assert_problem(await send(client, body), 400, "request.malformed")


@pytest.mark.parametrize(
    ("body", "path", "message"),
    [
        ("[]", "", "must be object, not array"),
        ("null", "", "must be object, not null"),
        ("{}", "to", "is required"),
        ('{"to":"u1"}', "to", "must be object | array, not string"),
        ('{"to":["a"],"toto":1}', "toto", "is not a known field"),
        ('{"to":["a"],"content":{"title":"x","tenantId":"t"}}', "content.tenantId", "is not a known field"),
        ('{"to":["a"],"content":{}}', "content.title", "is required"),
        ('{"to":["a",{"subscriberId":"b","email":3}]}', "to[1].email", "must be string | null, not integer"),
        ('{"to":[""]}', "to[0]", "must be string of length >= 1"),
        ('{"to":["a\\n"]}', "to[0]", "must be a text without control characters"),
        ('{"to":["a"],"dryRun":"yes"}', "dryRun", "must be boolean, not string"),
        ('{"to":["a"],"severity":"urgent"}', "severity", "invalid enum value 'urgent'"),
        ('{"to":["a"],"channels":["pigeon"]}', "channels[0]", "invalid enum value 'pigeon'"),
    ],
)
async def test_b05_answers_422_with_path_and_reason_when_a_field_does_not_fit(
    client: AsyncClient, body: str, path: str, message: str
) -> None:
    problem = assert_problem(await send(client, body), 422, "request.invalid")

    assert problem["errors"] == [{"path": path, "message": message}]
    assert problem["detail"] == "1 field is invalid"


async def test_b05_lets_the_last_of_two_equal_names_win(api: Api, client: AsyncClient) -> None:
    api.send_notification.answer = Answer(ACCEPTED)

    await send(client, '{"to":["a"],"to":["b"],"content":{"title":"x"}}')

    [entry] = api.send_notification.calls[0][0][0].audience.entries
    assert entry.subscriber_id == "b"


@pytest.mark.parametrize(
    "kind",
    [
        "",
        "text/plain",
        "application/xml",
        "application/json; charset=utf-7",
        "multipart/form-data",
        "application/jsonx",
    ],
)
async def test_b06_answers_415_when_the_body_is_of_another_kind(client: AsyncClient, kind: str) -> None:
    assert_problem(await send(client, GOOD, content_type=kind), 415, "request.unsupported_media_type")


@pytest.mark.parametrize(
    "kind", ["application/json; charset=UTF-8", 'application/json; charset="utf-8"', "Application/JSON"]
)
async def test_b06_takes_json_in_utf8_however_it_is_written(api: Api, client: AsyncClient, kind: str) -> None:
    api.send_notification.answer = Answer(ACCEPTED)

    assert (await send(client, GOOD, content_type=kind)).status_code == 202


@pytest.mark.parametrize("accept", ["text/html", "application/xml, text/*", "application/json;q=0", "*/*;q=0.0"])
async def test_b06_answers_406_when_json_is_not_accepted(client: AsyncClient, accept: str) -> None:
    assert_problem(await send(client, GOOD, accept=accept), 406, "request.not_acceptable")


@pytest.mark.parametrize(
    "accept", ["*/*", "application/*", "text/html, application/json;q=0.1", "", "text/html,*/*;q=0.8"]
)
async def test_b06_answers_when_json_is_accepted(api: Api, client: AsyncClient, accept: str) -> None:
    api.send_notification.answer = Answer(ACCEPTED)

    assert (await send(client, GOOD, accept=accept)).status_code == 202


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate, gzip", "unknown"])
async def test_b08_answers_415_when_the_body_is_compressed(client: AsyncClient, encoding: str) -> None:
    response = await send(client, b"\x1f\x8b\x08", content_encoding=encoding)

    assert_problem(response, 415, "request.unsupported_media_type")


@pytest.mark.parametrize(
    "moment",
    [
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+05:00",
        "1969-12-31T23:59:59Z",
        "1970-01-01T00:30:00+01:00",
        "9999-12-31T23:59:59-12:00",
        "10000-01-01T00:00:00Z",
        "2026-06-30T23:59:60Z",
        "2026-11-20T09:11:25",
        "2026-11-20",
        "2026-02-30T00:00:00Z",
        "1000000000000000000",
        "tomorrow",
        1e18,
        1_764_000_000,
    ],
)
@pytest.mark.parametrize("field", ["sendAt", "expiresAt"])
async def test_b17_answers_422_when_a_time_is_none(client: AsyncClient, field: str, moment: object) -> None:
    problem = assert_problem(await send(client, {**GOOD, field: moment}), 422, "request.invalid")

    assert [error["path"] for error in problem["errors"]] == [field]


async def test_b17_turns_times_into_utc_when_they_carry_a_zone(api: Api, client: AsyncClient) -> None:
    api.send_notification.answer = Answer(ACCEPTED)

    await send(client, {**GOOD, "sendAt": "2026-11-20T10:11:25.163+01:00", "expiresAt": "9999-12-31T23:59:59Z"})

    command = api.send_notification.calls[0][0][0]
    assert command.send_at.isoformat() == "2026-11-20T09:11:25.163000+00:00"
    assert command.expires_at.isoformat() == "9999-12-31T23:59:59+00:00"


async def test_b17_answers_422_when_a_snooze_ends_before_time_began(client: AsyncClient) -> None:
    response = await client.post(
        "/api/v1/inbox/0192f3a0-7c1e-7d52-9a37-3f1b2c4d5e6f/snooze", json={"until": "1901-01-01T00:00:00Z"}, headers=ADA
    )

    assert assert_problem(response, 422, "request.invalid")["errors"][0]["path"] == "until"


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({**GOOD, "to": ["u"] * 1_001}, "to"),
        ({**GOOD, "to": ["u" * 256]}, "to[0]"),
        ({**GOOD, "tags": ["t"] * 21}, "tags"),
        ({**GOOD, "tags": ["t" * 65]}, "tags[0]"),
        ({**GOOD, "content": {"title": "t" * 1_001}}, "content.title"),
        ({**GOOD, "content": {"title": "t", "body": "b" * 32_769}}, "content.body"),
        ({**GOOD, "payload": {"p": "p" * 262_144}}, "payload"),
        ({**GOOD, "content": {"title": "t", "data": {"d": "d" * 65_536}}}, "content.data"),
        ({**GOOD, "transactionId": "x" * 256}, "transactionId"),
        ({**GOOD, "transactionId": "a\tb"}, "transactionId"),
        ({**GOOD, "to": {"all": False}}, "to.all"),
    ],
)
async def test_b34_answers_422_with_the_path_when_a_limit_is_passed(
    client: AsyncClient, body: dict[str, Any], path: str
) -> None:
    problem = assert_problem(await send(client, body), 422, "request.invalid")

    assert [error["path"] for error in problem["errors"]] == [path]


async def test_b34_refuses_the_whole_when_a_bulk_request_has_too_many_items(client: AsyncClient) -> None:
    response = await client.post(f"{SEND}/bulk", json={"notifications": [{}] * 1_001}, headers=BACKEND)

    assert assert_problem(response, 422, "request.invalid")["errors"][0]["path"] == "notifications"


async def test_b34_spoils_no_other_item_when_one_of_a_bulk_request_cannot_be_read(
    api: Api, client: AsyncClient
) -> None:
    bad = [3, None, {"to": "x"}, {"to": ["a"], "nope": 1}, {"to": ["a\0"]}, {**GOOD, "sendAt": "0001-01-01T00:00:00Z"}]
    api.send_notifications.answer = RuntimeError("only its input matters")

    await client.post(f"{SEND}/bulk", json={"notifications": [GOOD, *bad, GOOD]}, headers=BACKEND)

    first, *refused, last = api.send_notifications.calls[0][0][0].items
    assert [type(item).__name__ for item in (first, last)] == ["SendNotificationCommand"] * 2
    assert all(isinstance(item, CarillonError) for item in refused)
    assert len(refused) == len(bad)


def read_or_refuse(raw: bytes) -> None:
    """Whatever else it raised would be answered 500."""
    with suppress(MalformedRequest, InvalidInput):
        read_json(raw, SendNotificationBody)


@given(st.binary(max_size=200))
def test_reads_or_refuses_whatever_bytes_come(raw: bytes) -> None:
    read_or_refuse(raw)


LEAVES = st.none() | st.booleans() | st.floats() | st.integers() | st.text()
ANY_JSON = st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)


@given(ANY_JSON)
def test_reads_or_refuses_whatever_json_comes(value: object) -> None:
    read_or_refuse(json.dumps({"to": ["a"], "payload": {"v": value}}).encode())
    read_or_refuse(json.dumps(value).encode())
