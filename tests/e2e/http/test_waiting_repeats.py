"""Repeats that arrive while the first request with their key still runs, over the embedded database."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from dependency_injector import providers

from tests.e2e.http.conftest import BACKEND, Carillon, start

KEYED = {**BACKEND, "Idempotency-Key": "k1"}
NOTE = {"to": ["ada"], "content": {"title": "Parcel"}}
BULKS = {
    "/api/v1/notifications/bulk": {"notifications": [NOTE, NOTE]},
    "/api/v1/subscribers/bulk": {"subscribers": [{"subscriberId": "ada"}]},
}


@pytest.fixture
async def carillon(tmp_path: Path) -> AsyncIterator[Carillon]:
    carillon = await start(tmp_path, DATABASE_URL=f"sqlite+aiosqlite:///{tmp_path / 'carillon.db'}")
    container = carillon.container
    await container.sqlite_engines().start()
    impatient = {
        name: replace(container.providers[name](), patience=0.05) for name in ("send_notifications", "put_subscribers")
    }
    with (
        container.send_notifications.override(providers.Object(impatient["send_notifications"])),
        container.put_subscribers.override(providers.Object(impatient["put_subscribers"])),
    ):
        yield carillon
    await container.sqlite_engines().stop()


@pytest.mark.parametrize(("path", "body"), BULKS.items())
async def test_bulk_is_refused_with_409_when_its_key_is_still_held(carillon: Carillon, path: str, body: Any) -> None:
    async with carillon.client() as client:
        async with carillon.container.unit_of_work():
            refused = await client.post(path, json=body, headers=KEYED)
        done = await client.post(path, json=body, headers=KEYED)

    assert (refused.status_code, refused.json()["code"]) == (409, "idempotency.in_progress")
    assert int(refused.headers["retry-after"]) > 0
    assert (done.status_code, "idempotency-replayed" in done.headers) == (202, False)
