"""Times as callers read them: three digits everywhere, and the same text for the same time."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from httpx import AsyncClient

from app.bootstrap.container import build_container
from infrastructure.config.loader import load_settings
from tests.e2e import topology
from tests.examples.serving import as_subscriber, serving, stream_of

ROOT = Path(__file__).parents[3]
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
MILLISECONDS = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
FINE = "2099-01-02T03:04:05.123999+00:00"
CUT = "2099-01-02T03:04:05.123Z"


def times_in(value: Any) -> Iterator[str]:
    """Every text that looks like a time."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from times_in(each)
    elif isinstance(value, str) and TIME.match(value):
        yield value


async def read(client: AsyncClient, path: str, **kwargs: Any) -> Any:
    answer = await client.get(path, **kwargs)
    assert answer.status_code == 200, answer.text
    return answer.json()


IN_MEMORY = {"DATABASE_URL": "memory://"}


@pytest.fixture(params=["memory", "installed"])
def environment(request: pytest.FixtureRequest) -> Iterator[Mapping[str, str]]:
    made = {} if request.param == "memory" else topology.environment()
    yield IN_MEMORY if request.param == "memory" else made
    topology.remove(made)


async def test_every_time_has_three_digits_and_one_text_when_it_is_read(
    tmp_path: Path, environment: Mapping[str, str]
) -> None:
    settings = load_settings(
        {"APP_ENV": "test", "DATA_DIR": str(tmp_path), **environment}, ROOT, make_secret=lambda: topology.SECRET
    )
    seen: list[Any] = []
    async with serving(build_container(settings)) as client:
        ann = await as_subscriber(client, "ann")
        async with stream_of(client, ann) as events:
            later = {"to": ["ann"], "content": {"title": "Later"}, "sendAt": FINE, "expiresAt": "2099-02-01T00:00:00Z"}
            planned = (await client.post("/api/v1/notifications", json=later)).json()["data"]["id"]
            now = {"to": ["ann"], "content": {"title": "Now"}, "channels": ["in_app", "email"]}
            sent = (await client.post("/api/v1/notifications", json=now)).json()["data"]["id"]
            frames = [data async for name, data in _until(events, "notification_received")]
            [item] = (await read(client, "/api/v1/inbox", headers=ann))["data"]
            marked = (await client.post(f"/api/v1/inbox/{item['id']}/read", headers=ann)).json()["data"]
            frames += [data async for name, data in _until(events, "notification_updated")]
            snoozed = await client.post(f"/api/v1/inbox/{item['id']}/snooze", json={"until": FINE}, headers=ann)
            frames += [data async for name, data in _until(events, "notification_updated")]
            await client.post("/api/v1/inbox/read-all", headers=ann)
        one = await read(client, f"/api/v1/notifications/{planned}")
        listed = await read(client, "/api/v1/notifications")
        deliveries = await read(client, f"/api/v1/notifications/{sent}/deliveries")
        seen += [frames, item, marked, snoozed.json(), one, listed, deliveries, await read(client, "/health")]
        seen += [await read(client, "/api/v1/subscribers/ann"), await read(client, "/api/v1/subscribers")]
        seen.append((await client.put("/api/v1/topics/news", json={})).json())
        seen.append((await client.post("/api/v1/subscribers/ann/tokens")).json())
        seen.append((await client.post("/api/v1/sse/tickets", headers=ann)).json())

    found = list(times_in(seen))
    assert len(found) > 20
    assert [text for text in found if not MILLISECONDS.fullmatch(text)] == []
    assert (one["data"]["sendAt"], snoozed.json()["data"]["snoozedUntil"]) == (CUT, CUT)
    assert one["data"] in listed["data"]
    received, read_change, snooze_change = (data for data in frames if "id" in data)
    assert received == item
    assert read_change["readAt"] == marked["readAt"]
    assert snooze_change["snoozedUntil"] == CUT


async def _until(events: Any, wanted: str) -> Any:
    async for name, data in events:
        yield name, data
        if name == wanted:
            return
