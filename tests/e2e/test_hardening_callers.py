"""Callers who mean ill: with credentials that are none, in each other's names, twice, and twenty at once.

Over real sockets against a real process with two tenants.
"""

import base64
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import httpx
import pytest

from domain.identity.api_key import compose
from tests.e2e.refusals import assert_refused, same_but_for_the_address
from tests.e2e.served import API, KEY, Served, serving

CROWD = 20
GOOD: dict[str, Any] = {"to": ["ada"], "content": {"title": "x"}}
MALFORMED = ["nonsense", "1" * 36, f"{uuid4()}x", "0192f3a0-7c1e-7d52-9a37", "%2e%2e", "%27--", "null"]
MARKS = ["seen", "read", "unread", "archive", "unarchive", "unsnooze"]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("callers")) as served:
        yield served


@pytest.fixture
def backend(served: Served) -> Iterator[httpx.Client]:
    with served.client(served.backend) as client:
        yield client


@pytest.fixture
def neighbour(served: Served) -> Iterator[httpx.Client]:
    with served.client(served.neighbour) as client:
        yield client


@pytest.fixture
def anyone(served: Served) -> Iterator[httpx.Client]:
    with served.client() as client:
        yield client


def at_once(call: Callable[[int], httpx.Response]) -> list[httpx.Response]:
    """Twenty calls that run side by side."""
    with ThreadPoolExecutor(CROWD) as threads:
        return list(threads.map(call, range(CROWD)))


def forged(token: str) -> dict[str, str]:
    """Variations of a token, each wrong in its own way."""
    head, payload, signature = token.split(".")

    def part(encoded: str, **changes: object) -> str:
        content = json.loads(base64.urlsafe_b64decode(encoded + "==")) | changes
        return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()

    return {
        "unsigned": f"{part(head, alg='none')}.{payload}.",
        "unsigned with a signature": f"{part(head, alg='none')}.{payload}.{signature}",
        "somebody else's": f"{head}.{part(payload, sub='bob')}.{signature}",
        "another tenant's": f"{head}.{part(payload, tid='neighbour')}.{signature}",
        "for ever": f"{head}.{part(payload, exp=1e30)}.{signature}",
        "other key": f"{part(head, kid='../../etc/passwd')}.{payload}.{signature}",
        "cut off": token[:-1],
        "too long": f"{token}.{'a' * 16_384}",
    }


def test_s02_b26_answers_401_when_a_token_was_tampered_with(served: Served, anyone: httpx.Client) -> None:
    token = served.subscriber("ada")["Authorization"].removeprefix("Bearer ")
    assert anyone.get(f"{API}/inbox", headers={"Authorization": f"Bearer {token}"}).status_code == 200

    for name, wrong in forged(token).items():
        response = anyone.get(f"{API}/inbox", headers={"Authorization": f"Bearer {wrong}"})
        assert response.status_code == 401, name
        assert_refused(served, response, 401, "auth.invalid_credential")


def test_b27_answers_401_when_a_credential_is_none(served: Served, anyone: httpx.Client) -> None:
    token = served.subscriber("ada")["Authorization"].removeprefix("Bearer ")
    for value in (
        f"ApiKey {KEY.text[:-1]}0",
        f"ApiKey {compose('Z' * 30).text}",
        f"ApiKey {token}",
        f"Bearer {KEY.text}",
        f"Basic {KEY.text}",
        "ApiKey",
        "",
        f"ApiKey {KEY.text} {KEY.text}",
    ):
        refusal = anyone.get(f"{API}/notifications", headers={"Authorization": value})
        assert_refused(served, refusal, 401, "auth.invalid_credential")
        assert "ApiKey" in refusal.headers["www-authenticate"]
    twice = [("Authorization", f"ApiKey {KEY.text}"), ("Authorization", f"ApiKey {compose('Z' * 30).text}")]
    assert_refused(served, anyone.get(f"{API}/notifications", headers=twice), 401, "auth.invalid_credential")


@pytest.mark.parametrize("name", ["api_key", "apikey", "apiKey", "key", "token", "access_token", "ticket", "auth"])
def test_b27_takes_no_key_out_of_an_address_and_logs_none(served: Served, anyone: httpx.Client, name: str) -> None:
    for path in (f"{API}/notifications", "/sse/notifications"):
        response = anyone.get(path, params={name: KEY.text})
        assert_refused(served, response, 401)

    assert KEY.text not in served.process.output


def test_b13_answers_alike_when_a_notification_is_malformed_missing_or_anothers(
    served: Served, backend: httpx.Client, neighbour: httpx.Client
) -> None:
    sent = served.send("ada", transactionId=str(uuid4()))
    assert backend.get(f"{API}/notifications/{sent}").status_code == 200
    for method, tail in (("GET", ""), ("GET", "/deliveries"), ("DELETE", "")):
        answers = [
            same_but_for_the_address(
                assert_refused(served, neighbour.request(method, f"{API}/notifications/{each}{tail}"), 404)
            )
            for each in (sent, uuid4(), *MALFORMED)
        ]
        assert answers == [answers[0]] * len(answers)
        assert answers[0]["code"] == "notifications.not_found"


def test_b13_answers_alike_when_an_inbox_item_is_malformed_missing_or_anothers(served: Served) -> None:
    with (
        served.client(served.subscriber("ada")) as ada,
        served.client(served.subscriber("bob")) as bob,
        served.client(served.subscriber("ada", served.neighbour)) as namesake,
    ):
        served.send("ada")
        item = ada.get(f"{API}/inbox").json()["data"][0]["id"]
        for mark in MARKS:
            answers = [
                same_but_for_the_address(assert_refused(served, caller.post(f"{API}/inbox/{each}/{mark}"), 404))
                for caller in (bob, namesake)
                for each in (item, uuid4(), *MALFORMED)
            ]
            assert answers == [answers[0]] * len(answers)
            assert answers[0]["code"] == "inbox.not_found"
        untouched = ada.get(f"{API}/inbox").json()["data"][0]
        assert (untouched["id"], untouched["seen"], untouched["archived"]) == (item, False, False)
        assert namesake.get(f"{API}/inbox").json()["data"] == []


def test_b13_answers_alike_when_a_subscriber_or_topic_is_deleted_missing_or_anothers(
    served: Served, backend: httpx.Client, neighbour: httpx.Client
) -> None:
    members = {"subscriberIds": ["ada"]}
    calls: list[tuple[str, str, str, object]] = [
        ("subscribers", "GET", "", None),
        ("subscribers", "PATCH", "", {"firstName": "Eve"}),
        ("subscribers", "POST", "/tokens", None),
        ("subscribers", "DELETE", "", None),
        ("topics", "GET", "", None),
        ("topics", "POST", "/subscribers", members),
        ("topics", "DELETE", "/subscribers", members),
        ("topics", "DELETE", "", None),
        ("workflows", "GET", "", None),
        ("workflows", "PATCH", "", {"name": "Eve"}),
        ("workflows", "POST", "/publish", {}),
        ("workflows", "POST", "/rollback", {"version": 1}),
        ("workflows", "GET", "/versions", None),
        ("workflows", "GET", "/versions/1", None),
        ("workflows", "GET", "/diff", None),
        ("workflows", "DELETE", "", None),
    ]
    whole = {"name": "W", "steps": [{"key": "text", "type": "sms", "template": {"body": "Hello"}}]}
    for kind, first in (("subscribers", {}), ("topics", {}), ("workflows", whole)):
        assert backend.put(f"{API}/{kind}/theirs", json=first).status_code in (200, 201)
        assert neighbour.put(f"{API}/{kind}/gone", json=first).status_code == 201
        assert neighbour.delete(f"{API}/{kind}/gone").status_code == 204
    for kind, method, tail, body in calls:
        answers = [
            same_but_for_the_address(
                assert_refused(served, neighbour.request(method, f"{API}/{kind}/{each}{tail}", json=body), 404)
            )
            for each in ("theirs", "gone", "never")
        ]
        assert answers == [answers[0]] * 3
        assert answers[0]["code"] == f"{kind}.not_found"
    assert backend.get(f"{API}/subscribers/theirs").json()["data"]["firstName"] is None


def test_shows_nothing_of_another_tenant_in_lists_or_by_its_names(
    served: Served, backend: httpx.Client, neighbour: httpx.Client
) -> None:
    sent = served.send("ada", transactionId="ours", tags=["ours"])
    assert backend.put(f"{API}/topics/shared-name", json={"name": "Ours"}).status_code == 201
    for path in ("/notifications", "/notifications?tag=ours", "/notifications?subscriber=ada"):
        assert neighbour.get(API + path).json()["data"] == []
    assert_refused(served, neighbour.get(f"{API}/notifications?transactionId=ours"), 404, "notifications.not_found")

    theirs = neighbour.post(f"{API}/notifications", json={**GOOD, "transactionId": "ours"})
    topic = neighbour.put(f"{API}/topics/shared-name", json={"name": "Theirs"})

    assert (theirs.status_code, topic.status_code) == (202, 201)
    assert theirs.json()["data"]["id"] != sent
    assert backend.get(f"{API}/topics/shared-name").json()["data"]["name"] == "Ours"


def test_b15_answers_400_when_a_cursor_is_forged_or_of_another_list(
    served: Served, backend: httpx.Client, neighbour: httpx.Client
) -> None:
    first, second = served.send("ada", channels=["in_app", "email"]), served.send("ada", channels=["in_app", "email"])

    def cursor(path: str, client: httpx.Client = backend) -> str:
        return str(client.get(f"{API}{path}?limit=1").json()["meta"]["nextCursor"])

    backend.put(f"{API}/subscribers/second", json={})
    mine = cursor("/notifications")
    assert backend.get(f"{API}/notifications?cursor={mine}").status_code == 200
    flipped = [mine[:at] + ("A" if mine[at] != "A" else "B") + mine[at + 1 :] for at in range(0, len(mine) - 1, 7)]
    with served.client(served.subscriber("ada")) as ada, served.client(served.subscriber("bob")) as bob:
        served.send("ada")
        tries = [
            *((backend, "/notifications", each) for each in [*flipped, mine[:-4], mine + mine, "", "%", "e30", "{}"]),
            (neighbour, "/notifications", mine),
            (backend, "/subscribers", mine),
            (backend, "/notifications", cursor("/subscribers")),
            (backend, f"/notifications/{second}/deliveries", cursor(f"/notifications/{first}/deliveries")),
            (ada, "/inbox", mine),
            (bob, "/inbox", cursor("/inbox", ada)),
            (backend, "/notifications", cursor("/inbox", ada)),
        ]
        for client, path, each in tries:
            response = client.get(API + path, params={"cursor": each})
            assert_refused(served, response, 400, "request.invalid_cursor")


def test_answers_once_when_an_idempotency_key_comes_from_twenty_at_once(served: Served, backend: httpx.Client) -> None:
    key = {"Idempotency-Key": str(uuid4())}
    tag = str(uuid4())

    answers = at_once(lambda _: backend.post(f"{API}/notifications", json={**GOOD, "tags": [tag]}, headers=key))

    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.content for answer in answers}) == 1
    assert [answer.headers.get("idempotency-replayed") for answer in answers].count("true") == CROWD - 1
    assert len(backend.get(f"{API}/notifications?tag={tag}").json()["data"]) == 1
    other = backend.post(f"{API}/notifications", json=GOOD, headers=key)
    assert_refused(served, other, 422, "idempotency.key_reused")


def test_keeps_idempotency_keys_of_tenants_and_routes_apart(backend: httpx.Client, neighbour: httpx.Client) -> None:
    key = {"Idempotency-Key": "same"}

    ours = backend.post(f"{API}/notifications", json=GOOD, headers=key)
    theirs = neighbour.post(f"{API}/notifications", json=GOOD, headers=key)
    bulk = backend.post(f"{API}/notifications/bulk", json={"notifications": [GOOD]}, headers=key)

    assert [ours.status_code, theirs.status_code, bulk.status_code] == [202] * 3
    assert "idempotency-replayed" not in theirs.headers
    assert ours.json()["data"]["id"] != theirs.json()["data"]["id"]


def test_never_repeats_a_secret_when_its_request_is_repeated(served: Served, backend: httpx.Client) -> None:
    key = {"Idempotency-Key": "secret"}
    ada = served.subscriber("ada")
    tickets = [backend.post(f"{API}/sse/tickets", headers={**ada, **key}) for _ in range(2)]

    assert [ticket.status_code for ticket in tickets] == [201, 201]
    assert len({ticket.json()["data"]["ticket"] for ticket in tickets}) == 2
    assert not [each for each in tickets if "idempotency-replayed" in each.headers]


@pytest.mark.parametrize("key", [b"", b"x" * 256, b"a b", "ä".encode(), b"a\tb"])
def test_answers_422_when_an_idempotency_key_is_none(served: Served, backend: httpx.Client, key: bytes) -> None:
    response = backend.post(f"{API}/notifications", json=GOOD, headers=[(b"Idempotency-Key", key)])

    assert assert_refused(served, response, 422, "request.invalid")["errors"][0]["path"] == "Idempotency-Key"


def test_sends_once_when_a_transaction_comes_from_twenty_at_once(served: Served, backend: httpx.Client) -> None:
    body = {**GOOD, "transactionId": str(uuid4())}
    same = at_once(lambda _: backend.post(f"{API}/notifications", json=body))
    assert {answer.status_code for answer in same} == {202}
    assert len({answer.content for answer in same}) == 1

    name = str(uuid4())
    rivals = at_once(
        lambda number: backend.post(
            f"{API}/notifications", json={**GOOD, "transactionId": name, "content": {"title": str(number % 2)}}
        )
    )
    assert sorted(answer.status_code for answer in rivals) == [202] * (CROWD // 2) + [409] * (CROWD // 2)
    assert len({answer.json()["data"]["id"] for answer in rivals if answer.status_code == 202}) == 1
    for answer in rivals:
        if answer.status_code == 409:
            assert_refused(served, answer, 409, "notifications.transaction_conflict")


def test_creates_once_when_a_subscriber_is_put_by_twenty_at_once(backend: httpx.Client) -> None:
    name = str(uuid4())

    answers = at_once(lambda number: backend.put(f"{API}/subscribers/{name}", json={"firstName": str(number)}))

    assert sorted(answer.status_code for answer in answers) == [200] * (CROWD - 1) + [201]


def test_opens_one_stream_when_a_ticket_is_shown_by_twenty_at_once(served: Served, anyone: httpx.Client) -> None:
    ticket = anyone.post(f"{API}/sse/tickets", headers=served.subscriber("ada")).json()["data"]["ticket"]

    def show(_: int) -> httpx.Response:
        with anyone.stream("GET", "/sse/notifications", params={"ticket": ticket}) as response:
            if response.status_code != 200:
                response.read()
            return response

    answers = at_once(show)

    assert sorted(answer.status_code for answer in answers) == [200] + [401] * (CROWD - 1)
    for answer in answers:
        if answer.status_code == 401:
            assert_refused(served, answer, 401, "auth.ticket_spent")
    assert_refused(served, anyone.get(f"{API}/inbox", params={"ticket": ticket}), 401)
    assert ticket not in served.process.output


def test_shows_nothing_when_the_subscriber_of_a_token_is_deleted(
    served: Served, backend: httpx.Client, anyone: httpx.Client
) -> None:
    token = served.subscriber("leaver")
    ticket = anyone.post(f"{API}/sse/tickets", headers=token).json()["data"]["ticket"]
    assert backend.delete(f"{API}/subscribers/leaver").status_code == 204

    for method, path in (
        ("GET", f"{API}/inbox"),
        ("GET", f"{API}/inbox/count"),
        ("POST", f"{API}/inbox/read-all"),
        ("POST", f"{API}/inbox/{uuid4()}/read"),
        ("GET", "/sse/notifications"),
    ):
        assert_refused(served, anyone.request(method, path, headers=token), 404, "subscribers.not_found")
    assert_refused(served, anyone.get(f"/sse/notifications?ticket={ticket}"), 404, "subscribers.not_found")


ORIGINS = ["null", "https://evil.example", "https://app.example.com.evil.example", "http://app.example.com"]


@pytest.mark.parametrize("origin", [*ORIGINS, "https://APP.example.com", "https://app.example.com:444", "file://", "*"])
def test_b31_keeps_answers_from_pages_of_odd_origins(served: Served, anyone: httpx.Client, origin: str) -> None:
    asked = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    for response in (
        anyone.get(f"{API}/notifications", headers={**served.backend, "Origin": origin}),
        anyone.get(f"{API}/notifications", headers={"Origin": origin}),
        anyone.options(f"{API}/notifications", headers=asked),
    ):
        assert not [name for name in response.headers if name.startswith("access-control-")]
        assert "origin" in response.headers["vary"].lower()


@pytest.mark.parametrize(
    "position", ["garbage", "9" * 400, "-1", "1-2-3", "0-0", "1e3-4", "\u0661-\u0661", "' OR 1=1 --"]
)
def test_b21_resets_a_stream_that_is_resumed_from_nowhere(served: Served, position: str) -> None:
    with served.client(served.subscriber("ada")) as ada, served.client(served.subscriber("bob")) as bob:
        served.send("bob", content={"title": "for Bob alone"})
        others = bob.get(f"{API}/inbox").json()["meta"]["streamCursor"].rpartition("-")[0] + "-0"
        head = ada.get(f"{API}/inbox").json()["meta"]["streamCursor"]
        for shown in (position, others):
            received = ""
            with ada.stream("GET", "/sse/notifications", params={"lastEventId": shown}) as stream:
                for piece in stream.iter_text():
                    received += piece
                    if "unread_count_changed" in received:
                        break
            assert "for Bob alone" not in received
            if shown == position:
                assert f'event: reset\nid: {head}\ndata: {{"reason":"gap"}}\n\n' in received


def test_b21_keeps_an_event_in_one_line_whatever_it_says(served: Served) -> None:
    title = "one\ntwo\r\nevent: reset\n\ndata: {}\u2028\u2029"
    served.subscriber("liner")
    served.send("liner", content={"title": title, "data": {"id: 1\n\n": "\r"}})
    with served.client(served.subscriber("liner")) as liner:
        epoch = liner.get(f"{API}/inbox").json()["meta"]["streamCursor"].partition("-")[0]
        received = b""
        with liner.stream("GET", "/sse/notifications", headers={"Last-Event-ID": f"{epoch}-0"}) as stream:
            for piece in stream.iter_raw():
                received += piece
                if b"unread_count_changed" in received:
                    break
    [event] = [block for block in received.split(b"\n\n") if b"notification_received" in block]
    name, place, data, trace = event.split(b"\n")
    assert (name, place.partition(b": ")[0]) == (b"event: notification_received", b"id")
    assert trace.startswith(b": trace ")
    assert json.loads(data.removeprefix(b"data: "))["title"] == title
