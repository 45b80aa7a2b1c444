"""What is missing and what is somebody else's take the same steps: nobody can tell them apart by waiting (B-13)."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch
from uuid import uuid4

import asyncpg
import pytest
from httpx import AsyncClient, Response
from sqlalchemy import event

from tests.e2e.http.conftest import BACKEND, OTHER_TENANT, Carillon, start

API = "/api/v1"
Request = tuple[str, str, Any]  # Any: a body of whatever shape


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Two tenants; the things are the neighbour's, and the caller is not."""

    carillon: Carillon
    client: AsyncClient
    ada: dict[str, str]
    theirs: dict[str, str]

    async def asked(self, request: Request, id_: str) -> tuple[Response, list[str]]:
        """The answer, and the statements that it took."""
        method, path, body = request
        headers = self.ada if path.startswith("/inbox") else BACKEND
        with statements(self.carillon) as seen:
            answer = await self.client.request(method, API + path.format(id=id_), json=body, headers=headers)
        return answer, seen


@contextmanager
def statements(carillon: Carillon) -> Iterator[list[str]]:
    """Every statement as the database gets it, without its values."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        seen.append(statement)

    engines = [each.sync_engine for each in (carillon.container.engines().writer, carillon.container.engines().reader)]
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    with patch.object(asyncpg.Connection, "fetch", noted(seen)):
        yield seen
    for engine in engines:
        event.remove(engine, "before_cursor_execute", note)


def noted(seen: list[str]) -> Callable[..., Awaitable[Any]]:
    """What goes to asyncpg directly, past SQLAlchemy. Any: whatever asyncpg takes and gives."""
    fetch = asyncpg.Connection.fetch

    async def fetch_and_note(connection: Any, query: str, *values: Any) -> Any:
        seen.append(query)
        return await fetch(connection, query, *values)

    return fetch_and_note


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    carillon = await start(tmp_path)
    await carillon.add_tenant("neighbour", "B" * 30)
    async with carillon.client() as client:
        yield World(
            carillon=carillon, client=client, ada=await bearer(client, "ada", BACKEND), theirs=await things(client)
        )


async def bearer(client: AsyncClient, name: str, backend: dict[str, str]) -> dict[str, str]:
    await client.put(f"{API}/subscribers/{name}", json={}, headers=backend)
    answer = await client.post(f"{API}/subscribers/{name}/tokens", headers=backend)
    return {"Authorization": f"Bearer {answer.json()['data']['token']}"}


async def things(client: AsyncClient) -> dict[str, str]:
    """The ids of what the neighbour has."""
    body = {"to": ["bob"], "content": {"title": "Theirs"}}
    sent = (await client.post(f"{API}/notifications", json=body, headers=OTHER_TENANT)).json()["data"]["id"]
    await client.put(f"{API}/topics/theirs", json={}, headers=OTHER_TENANT)
    bob = await bearer(client, "bob", OTHER_TENANT)
    [item] = (await client.get(f"{API}/inbox", headers=bob)).json()["data"]
    return {"notifications": sent, "subscribers": "bob", "topics": "theirs", "inbox": item["id"]}


MEMBERS = {"subscriberIds": ["ada"]}
REQUESTS: list[Request] = [
    ("GET", "/notifications/{id}", None),
    ("GET", "/notifications/{id}/deliveries", None),
    ("DELETE", "/notifications/{id}", None),
    ("GET", "/subscribers/{id}", None),
    ("PATCH", "/subscribers/{id}", {"firstName": "A"}),
    ("DELETE", "/subscribers/{id}", None),
    ("POST", "/subscribers/{id}/tokens", None),
    ("GET", "/topics/{id}", None),
    ("DELETE", "/topics/{id}", None),
    ("POST", "/topics/{id}/subscribers", MEMBERS),
    ("DELETE", "/topics/{id}/subscribers", MEMBERS),
    ("POST", "/inbox/{id}/read", None),
    ("POST", "/inbox/{id}/snooze", {"until": "2099-01-01T00:00:00Z"}),
]


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda request: f"{request[0]} {request[1]}")
async def test_b13_takes_the_same_steps_when_a_thing_is_missing_or_anothers(world: World, request_: Request) -> None:
    missing, theirs = str(uuid4()), world.theirs[request_[1].split("/")[1]]
    await world.asked(
        request_, missing
    )  # What is looked up once for all, like the caller's key, is known from here on.

    for_missing, steps_for_missing = await world.asked(request_, missing)
    for_theirs, steps_for_theirs = await world.asked(request_, theirs)

    assert (for_missing.status_code, for_theirs.status_code) == (404, 404)
    assert for_missing.json()["code"] == for_theirs.json()["code"]
    assert len(steps_for_missing) > 0
    assert steps_for_theirs == steps_for_missing
