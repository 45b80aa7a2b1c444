"""A webhook that answers 410 is called no more, until somebody sets it again."""

from pathlib import Path
from typing import Any

import pytest
from httpx import AsyncClient

from app.bootstrap.container import build_container
from container import Container
from infrastructure.config.loader import load_settings
from tests.examples.polling import eventually
from tests.examples.serving import serving
from tests.integration.channels.http_sink import answer, http_sink

ANN = "/api/v1/subscribers/ann"


@pytest.fixture(params=["memory", "sqlite"])
def container(request: pytest.FixtureRequest, tmp_path: Path) -> Container:
    database = {"sqlite": f"sqlite+aiosqlite:///{tmp_path / 'carillon.db'}", "memory": "memory://"}[request.param]
    environment = {
        "APP_ENV": "test",
        "AUTH_SECRET": "a secret of at least 32 characters",
        "DATA_DIR": str(tmp_path),
        "DATABASE_URL": database,
        "EGRESS_ALLOW_CIDRS": "127.0.0.0/8",
    }
    return build_container(load_settings(environment, tmp_path))


async def test_it_is_called_no_more_until_it_is_set_again_when_it_has_answered_410(container: Container) -> None:
    async with http_sink() as sink, serving(container) as client:
        sink.replies.append(answer(410))
        await client.put(ANN, json={"channels": {"webhook": {"url": sink.url()}}})
        assert await _ended(client) == ("failed", "webhook.gone")
        off = await _webhook(client, lambda point: "disabledAt" in point)
        assert off["disabledReason"] == "gone"
        assert await _ended(client) == ("suppressed", "endpoint_disabled")
        assert len(sink.requests) == 1

        await client.put(ANN, json={"channels": {"webhook": off}})
        assert await _webhook(client, bool) == {"url": sink.url()}
        assert await _ended(client) == ("sent", None)
        assert len(sink.requests) == 2


async def _ended(client: AsyncClient) -> tuple[str, str | None]:
    """How a webhook to Ann ends."""
    body = {"to": ["ann"], "channels": ["webhook"], "content": {"title": "Hello"}}
    sent = await client.post("/api/v1/notifications", json=body)
    path = f"/api/v1/notifications/{sent.json()['data']['id']}/deliveries"
    [delivery] = await eventually(lambda: client.get(path), lambda found: found and found[0]["finishedAt"], 20)
    return delivery["status"], delivery["reason"]


async def _webhook(client: AsyncClient, wanted: Any) -> Any:
    """Ann's webhook as her backend reads it, as soon as it is as wanted."""
    found = await eventually(lambda: client.get(ANN), lambda ann: wanted(ann["channels"]["webhook"]), 20)
    return found["channels"]["webhook"]
