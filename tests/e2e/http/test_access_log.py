"""The log line of a request, through everything that a request goes through."""

from collections.abc import Iterator
from typing import Any

import pytest
from dependency_injector import providers
from httpx import AsyncClient

from infrastructure.observability.memory_log import MemoryLog
from tests.e2e.http.conftest import BACKEND, Carillon

NOTIFICATIONS = "/api/v1/notifications"


@pytest.fixture
def log(carillon: Carillon) -> Iterator[MemoryLog]:
    log = MemoryLog()
    with carillon.container.log.override(providers.Object(log)):
        yield log


def last_line(log: MemoryLog) -> dict[str, Any]:
    return dict(log.lines("http.request")[-1].fields)


async def test_line_says_api_key_when_a_backend_calls(client: AsyncClient, log: MemoryLog) -> None:
    await client.get(NOTIFICATIONS, headers=BACKEND)

    line = last_line(log)
    assert (line["role"], line["tenant_id"], line["status"]) == ("api_key", "default", 200)
    assert line["actor"].startswith("api_key:")
    assert line["route"] == NOTIFICATIONS


async def test_line_says_subscriber_when_a_browser_calls(client: AsyncClient, log: MemoryLog) -> None:
    await client.put("/api/v1/subscribers/ada", json={}, headers=BACKEND)
    token = (await client.post("/api/v1/subscribers/ada/tokens", headers=BACKEND)).json()["data"]["token"]
    await client.get("/api/v1/inbox", headers={"Authorization": f"Bearer {token}"})

    line = last_line(log)
    assert (line["role"], line["actor"], line["route"]) == ("subscriber", "subscriber:ada", "/api/v1/inbox")


@pytest.mark.parametrize("headers", [{}, {"Authorization": "ApiKey wrong"}], ids=["nothing", "a wrong key"])
async def test_line_says_nobody_when_no_credential_counts(
    client: AsyncClient, log: MemoryLog, headers: dict[str, str]
) -> None:
    await client.get(NOTIFICATIONS, headers=headers)

    line = last_line(log)
    assert (line["status"], "role" in line, "actor" in line) == (401, False, False)
