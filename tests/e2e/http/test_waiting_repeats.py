"""Repeats that arrive while the first request with their key still runs, over a real database."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from dependency_injector import providers

from application.shared.idempotency import Idempotency
from tests.e2e.http.conftest import BACKEND, OURS, Carillon, start

KEYED = {**BACKEND, "Idempotency-Key": "k1"}
NOTE = {"to": ["ada"], "content": {"title": "Parcel"}}
BULKS = {
    "/api/v1/notifications/bulk": {"notifications": [NOTE, NOTE]},
    "/api/v1/subscribers/bulk": {"subscribers": [{"subscriberId": "ada"}]},
}


@pytest.fixture
async def carillon(tmp_path: Path) -> AsyncIterator[Carillon]:
    carillon = await start(tmp_path)
    container = carillon.container
    impatient = {
        name: replace(container.providers[name](), patience=0.05) for name in ("send_notifications", "put_subscribers")
    }
    with (
        container.send_notifications.override(providers.Object(impatient["send_notifications"])),
        container.put_subscribers.override(providers.Object(impatient["put_subscribers"])),
    ):
        yield carillon


@asynccontextmanager
async def first_still_runs(carillon: Carillon, path: str) -> AsyncIterator[None]:
    """Another process is at work on a request with this key, and has not committed."""
    key = await carillon.container.credential_reader().api_key(OURS.digest)
    assert key is not None
    first = Idempotency(
        tenant_id=key.tenant_id,
        key=KEYED["Idempotency-Key"],
        scope=f"api_key:{key.id}:POST:{path}",
        fingerprint="first",
    )
    async with carillon.container.unit_of_work() as uow:
        assert await uow.once(first, object) is None
        yield


@pytest.mark.parametrize(("path", "body"), BULKS.items())
async def test_bulk_is_refused_with_409_when_its_key_is_still_held(carillon: Carillon, path: str, body: Any) -> None:
    async with carillon.client() as client:
        async with first_still_runs(carillon, path):
            refused = await client.post(path, json=body, headers=KEYED)
        done = await client.post(path, json=body, headers=KEYED)

    assert (refused.status_code, refused.json()["code"]) == (409, "idempotency.in_progress")
    assert int(refused.headers["retry-after"]) > 0
    assert (done.status_code, "idempotency-replayed" in done.headers) == (202, False)
