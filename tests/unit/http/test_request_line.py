"""Addresses and headers that no handler should see (B-03, B-11, B-13)."""

from uuid import uuid4

import pytest

from app.http.options import HttpOptions
from domain.notifications.errors import NotificationNotFound
from tests.unit.http.asgi import ask
from tests.unit.http.documents import SUBSCRIBER
from tests.unit.http.stand_in import BACKEND, Api

KEY = tuple(BACKEND.items())
LIST = "/api/v1/notifications"


@pytest.mark.parametrize(
    ("raw_path", "status", "code"),
    [
        (b"/api/v1/subscribers/a%00b", 422, "request.invalid"),
        (b"/api/v1/subscribers/a%ff", 400, "request.malformed"),
        (b"/api/v1/subscribers/a%ed%a0%80", 400, "request.malformed"),
        (b"/api/v1/subscribers/%EF%B7%90", 422, "request.invalid"),
        (b"/nowhere/%00", 422, "request.invalid"),
    ],
)
async def test_b03_refuses_a_path_when_it_is_no_text(api: Api, raw_path: bytes, status: int, code: str) -> None:
    path = raw_path.replace(b"%00", b"\0").decode()
    path = "/api/v1/subscribers/\ufdd0" if b"B7" in raw_path else path

    answer = await ask(api.app(), path=path, raw_path=raw_path, headers=KEY)

    assert (answer.status, answer.json["code"]) == (status, code)
    assert not api.get_subscriber.calls


@pytest.mark.parametrize(
    ("query", "status"), [(b"tag=a%00", 422), (b"tag=%ff", 400), (b"tag=\xff", 400), (b"%c0%80=1", 400)]
)
async def test_b03_refuses_a_query_when_it_is_no_text(api: Api, query: bytes, status: int) -> None:
    assert (await ask(api.app(), path=LIST, query=query, headers=KEY)).status == status


@pytest.mark.parametrize(("value", "status"), [(b"a\0b", 422), (b"\xff\xfe", 400)])
@pytest.mark.parametrize("name", ["x-anything", "idempotency-key", "authorization"])
async def test_b03_refuses_headers_when_they_are_no_text(api: Api, name: str, value: bytes, status: int) -> None:
    assert (await ask(api.app(), path=LIST, headers=[(name, value)])).status == status


async def test_b11_answers_414_when_the_address_is_too_long(api: Api) -> None:
    for path, query in ((f"/{'p' * 65_536}", b""), (LIST, b"tag=" + b"t" * 8_192)):
        answer = await ask(api.app(), path=path, query=query, headers=KEY)
        assert (answer.status, answer.json["code"]) == (414, "request.address_too_long")


async def test_b11_answers_400_when_there_are_a_thousand_parameters(api: Api) -> None:
    answer = await ask(api.app(), path=LIST, query=b"&".join(b"a%d" % n for n in range(1_000)), headers=KEY)

    assert (answer.status, answer.json["code"]) == (400, "request.malformed")


@pytest.mark.parametrize("headers", [[(f"x-{n}", "v") for n in range(500)], [("cookie", "c" * 100_000)]])
async def test_b11_answers_431_when_the_headers_are_too_large(api: Api, headers: list[tuple[str, str]]) -> None:
    answer = await ask(api.app(), path=LIST, headers=headers)

    assert (answer.status, answer.json["code"]) == (431, "request.headers_too_large")


@pytest.mark.parametrize(
    ("raw_path", "subscriber_id"),
    [
        (b"/api/v1/subscribers/team%2Fada", "team/ada"),
        (b"/api/v1/subscribers/team%2fada%252F", "team/ada%2F"),
        (b"/api/v1/subscribers/%2F", "/"),
        (b"/api/v1/subscribers/zo%C3%AB", "zoë"),
        (b"/api/v1/subscribers/project:1", "project:1"),
        (b"/api/v1/subscribers/a%20b", "a b"),
    ],
)
async def test_reads_any_id_when_it_is_encoded_in_the_path(api: Api, raw_path: bytes, subscriber_id: str) -> None:
    api.get_subscriber.answer = SUBSCRIBER

    answer = await ask(api.app(), path=f"/api/v1/subscribers/{subscriber_id}", raw_path=raw_path, headers=KEY)

    assert answer.status == 200
    assert api.get_subscriber.calls[0][0][1] == subscriber_id


async def test_finds_the_route_below_an_id_when_that_holds_a_slash(api: Api) -> None:
    path = b"/api/v1/subscribers/a%2Fb/tokens"
    api.issue_subscriber_token.answer = RuntimeError("only its input matters")

    await ask(api.app(), "POST", path.decode().replace("%2F", "/"), raw_path=path, headers=KEY)

    assert api.issue_subscriber_token.calls[0][0][1] == "a/b"


@pytest.mark.parametrize("subscriber_id", ["a" * 256, "a\x01", "tab\t"])
async def test_answers_422_when_an_id_in_the_path_cannot_be_one(api: Api, subscriber_id: str) -> None:
    answer = await ask(api.app(), path=f"/api/v1/subscribers/{subscriber_id}", headers=KEY)

    assert answer.status == 422
    assert answer.json["errors"][0]["path"] == "subscriberId"


async def test_b13_answers_404_alike_when_an_id_is_malformed_or_belongs_to_nobody(api: Api) -> None:
    api.get_notification.answer = NotificationNotFound()
    answers = [await ask(api.app(), path=f"{LIST}/{name}", headers=KEY) for name in ("not-a-uuid", uuid4(), uuid4())]

    assert [(each.status, each.json["code"]) for each in answers] == [(404, "notifications.not_found")] * 3
    assert len({each.json["detail"] for each in answers}) == 1


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("notify.example.com", 401),
        ("NOTIFY.example.com:8443", 401),
        ("eu.notify.example.org", 401),
        ("notify.example.org", 400),
        ("evil.com", 400),
        ("notify.example.com.evil.com", 400),
        ("evil-notify.example.com", 400),
        ("", 400),
    ],
)
async def test_answers_only_its_own_hosts_when_they_are_named(host: str, status: int) -> None:
    api = Api(options=HttpOptions(allowed_hosts=("notify.example.com", "*.notify.example.org")))

    assert (await ask(api.app(), path=LIST, headers=[("host", host)])).status == status


async def test_answers_probes_whatever_the_host_when_hosts_are_named() -> None:
    api = Api(options=HttpOptions(allowed_hosts=("notify.example.com",)))

    assert (await ask(api.app(), path="/health/live", headers=[("host", "10.0.0.7:8000")])).status == 200
