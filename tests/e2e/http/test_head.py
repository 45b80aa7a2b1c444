"""HEAD: what GET would answer, without the body."""

import pytest
from dependency_injector import providers
from httpx import AsyncClient

from infrastructure.observability.memory_log import MemoryLog
from tests.e2e.http.conftest import BACKEND, Carillon

VARYING = {"x-request-id", "traceparent", "ratelimit"}
ADA = "/api/v1/subscribers/ada"
PATHS = ["/health/live", "/docs", "/openapi.json", "/api/v1/nothing", "/api/v1/notifications", ADA, f"{ADA}x"]


@pytest.mark.parametrize("path", PATHS)
async def test_head_answers_like_get_without_the_body_when_asked(client: AsyncClient, path: str) -> None:
    await client.put(ADA, json={}, headers=BACKEND)
    got = await client.get(path, headers=BACKEND)
    head = await client.head(path, headers=BACKEND)

    assert (head.status_code, head.content, len(got.content) > 0) == (got.status_code, b"", True)
    assert {name: value for name, value in head.headers.items() if name not in VARYING} == {
        name: value for name, value in got.headers.items() if name not in VARYING
    }


async def test_head_opens_no_stream_when_it_asks_for_one(carillon: Carillon, client: AsyncClient) -> None:
    await client.put(ADA, json={}, headers=BACKEND)
    token = (await client.post(f"{ADA}/tokens", headers=BACKEND)).json()["data"]["token"]
    head = await client.head("/sse/notifications", headers={"Authorization": f"Bearer {token}"})

    assert (head.status_code, head.headers["content-type"], head.content) == (200, "text/event-stream", b"")
    assert carillon.container.stream_hub().connections == 0


async def test_ticket_is_still_good_when_only_the_head_was_asked_for(carillon: Carillon, client: AsyncClient) -> None:
    await client.put(ADA, json={}, headers=BACKEND)
    token = (await client.post(f"{ADA}/tokens", headers=BACKEND)).json()["data"]["token"]
    made = await client.post("/api/v1/sse/tickets", headers={"Authorization": f"Bearer {token}"})
    ticket = made.json()["data"]["ticket"]
    head = await client.head(f"/sse/notifications?ticket={ticket}")

    assert (head.status_code, (await carillon.container.redeem_ticket()(ticket)).id) == (401, "ada")


async def test_methods_name_head_when_there_is_get(client: AsyncClient) -> None:
    told = (await client.options("/api/v1/notifications")).headers["allow"]
    refused = await client.put("/api/v1/notifications", json={}, headers=BACKEND)
    only_post = await client.head("/api/v1/inbox/read-all")

    assert told == refused.headers["allow"] == "GET, HEAD, OPTIONS, POST"
    assert (only_post.status_code, only_post.headers["allow"]) == (405, "OPTIONS, POST")


async def test_line_of_the_log_says_head_and_the_route_when_it_was_asked(
    carillon: Carillon, client: AsyncClient
) -> None:
    log = MemoryLog()
    with carillon.container.log.override(providers.Object(log)):
        await client.head(ADA, headers=BACKEND)

    [line] = log.lines("http.request")
    assert (line.fields["method"], line.fields["route"]) == ("HEAD", "/api/v1/subscribers/{subscriber_id}")
    assert line.fields["bytes"] == 0
