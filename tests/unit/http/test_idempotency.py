"""`Idempotency-Key` on every POST that changes something."""

from typing import Any

import pytest
from httpx import AsyncClient

from application.inbox.views import BulkMarkView
from application.shared.idempotency import Answer, Idempotency
from tests.unit.http.documents import ACCEPTED, ID, ITEM, OTHER
from tests.unit.http.stand_in import ADA, BACKEND, READER, Api
from tests.unit.http.test_access import every_route

SEND = "/api/v1/notifications"
BODY: dict[str, Any] = {"to": ["u1"], "content": {"title": "Shipped"}, "payload": {"a": 1, "b": 2}}


@pytest.fixture
def sending(api: Api) -> Api:
    api.send_notification.answer = Answer(ACCEPTED)
    api.mark_item.answer = Answer(ITEM)
    api.mark_inbox.answer = Answer(BulkMarkView(updated=1))
    return api


def sent(api: Api) -> list[Idempotency]:
    return [args[0].idempotency for args, _ in api.send_notification.calls]


async def send(client: AsyncClient, key: str = "k1", body: Any = BODY, **headers: str) -> int:
    response = await client.post(SEND, json=body, headers={**BACKEND, "Idempotency-Key": key, **headers})
    return response.status_code


async def test_knows_a_repeat_by_caller_route_and_body_when_the_key_is_the_same(
    sending: Api, client: AsyncClient
) -> None:
    await send(client)
    await send(client, body={"payload": {"b": 2, "a": 1}, "content": {"title": "Shipped"}, "to": ["u1"]})

    first, second = sent(sending)
    assert first == second
    assert (first.tenant_id, first.key) == ("default", "k1")
    assert first.scope == "api_key:key-1:POST:/api/v1/notifications"
    assert len(first.fingerprint) == 64


@pytest.mark.parametrize("change", [{"to": ["u2"]}, {"payload": {"a": 1}}, {"transactionId": "t"}, {"dryRun": True}])
async def test_tells_another_request_apart_when_anything_in_its_body_differs(
    sending: Api, client: AsyncClient, change: dict[str, Any]
) -> None:
    await send(client)
    await send(client, body=BODY | change)

    first, second = sent(sending)
    assert (first.scope, first.key) == (second.scope, second.key)
    assert first.fingerprint != second.fingerprint


async def test_compares_a_transaction_without_its_id_when_it_is_repeated(sending: Api, client: AsyncClient) -> None:
    for change in ({}, {"transactionId": "t1"}, {"transactionId": "t2"}, {"transactionId": "t1", "dryRun": True}):
        await client.post(SEND, json=BODY | change, headers=BACKEND)

    prints = [args[0].fingerprint for args, _ in sending.send_notification.calls]
    assert prints[0] == prints[1] == prints[2] != prints[3]


async def test_keeps_callers_apart_when_they_use_one_key(sending: Api, client: AsyncClient) -> None:
    for credential in (ADA, {"Authorization": "Bearer ada"}):
        await client.post("/api/v1/inbox/read-all", headers={**credential, "Idempotency-Key": "k1"})
    await send(client)

    [first, second] = [args[0].idempotency for args, _ in sending.mark_inbox.calls]
    assert first == second
    assert first.scope == "subscriber:ada:POST:/api/v1/inbox/read-all"
    assert first.scope != sent(sending)[0].scope


async def test_takes_another_item_for_another_request_when_the_key_is_the_same(
    sending: Api, client: AsyncClient
) -> None:
    for item in (ID, ID, OTHER):
        await client.post(f"/api/v1/inbox/{item}/read", headers={**ADA, "Idempotency-Key": "k1"})

    first, again, other = (args[3] for args, _ in sending.mark_item.calls)
    assert first == again
    assert first.scope == other.scope
    assert first.fingerprint != other.fingerprint


async def test_says_so_when_an_answer_is_a_repeat(sending: Api, client: AsyncClient) -> None:
    fresh = await client.post(SEND, json=BODY, headers=BACKEND)
    sending.send_notification.answer = Answer(ACCEPTED, replayed=True)
    repeated = await client.post(SEND, json=BODY, headers=BACKEND)

    assert "Idempotency-Replayed" not in fresh.headers
    assert repeated.headers["Idempotency-Replayed"] == "true"
    assert fresh.content == repeated.content


@pytest.mark.parametrize("key", ["", "k" * 256, "a b", "a\tb", "clé", "a\x7f"])
async def test_answers_422_when_the_key_is_none(sending: Api, client: AsyncClient, key: str) -> None:
    shown = [(name.encode(), value.encode()) for name, value in {**BACKEND, "Idempotency-Key": key}.items()]

    response = await client.post(SEND, json=BODY, headers=shown)

    assert response.status_code == 422
    assert response.json()["errors"][0]["path"] == "Idempotency-Key"
    assert not sending.send_notification.calls


async def test_takes_the_longest_key_when_it_is_visible(sending: Api, client: AsyncClient) -> None:
    assert await send(client, key="~!" * 127 + "k") == 202


async def test_remembers_no_secrets_when_a_key_is_sent_along(api: Api, client: AsyncClient) -> None:
    for path, credential in (("/api/v1/subscribers/ada/tokens", BACKEND), ("/api/v1/sse/tickets", ADA)):
        await client.post(path, headers={**credential, "Idempotency-Key": "k1"})

    assert api.issue_subscriber_token.calls[0][0][1:] == ("ada",)
    assert len(api.issue_ticket.calls[0][0]) == 1


async def test_looks_at_the_scope_before_the_key_when_the_caller_may_not(client: AsyncClient) -> None:
    response = await client.post(SEND, json=BODY, headers={**READER, "Idempotency-Key": "a b"})

    assert response.status_code == 403


def test_every_post_takes_a_key_unless_it_answers_with_a_secret_or_changes_nothing(api: Api) -> None:
    without = {
        path
        for method, path, handler in every_route(api)
        if method == "POST" and handler.resolve_include_in_schema() and not handler.opt.get("idempotent")
    }

    secrets = {"/api/v1/subscribers/{subscriber_id}/tokens", "/api/v1/sse/tickets"}
    reads = {"/api/v1/inbox/counts", "/api/v1/workflows/{key}/preview"}
    # A repeat of these finds nothing to do.
    harmless = {f"/api/v1/workflows/{{key}}/{verb}" for verb in ("publish", "rollback")}
    assert without == secrets | reads | harmless
