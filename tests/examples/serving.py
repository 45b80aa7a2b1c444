"""Carillon in the process of a test: the container, the application and the server that `python -m app` has, too."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from httpx import AsyncClient

from app.bootstrap.http import create_app
from app.bootstrap.installation import install
from container import Container


@asynccontextmanager
async def serving(container: Container) -> AsyncIterator[AsyncClient]:
    """API, streams, worker and scheduler, on a free port of this machine; the client has the first API key.

    All of it runs on the loop of the test, so that overrides, events and clocks of the test are its own.
    """
    installed = await install(container)
    assert installed is not None, "the database is not empty: whoever filled it has the key"
    key = container.settings().auth.bootstrap_api_key or installed.generated_api_key
    app = create_app(container, container.lifecycle())
    server = uvicorn.Server(uvicorn.Config(app, port=0, lifespan="on", log_config=None, ws="none"))
    running = asyncio.create_task(server.serve())
    try:
        while not server.started:
            assert not running.done(), "a part did not start; LOG_SINKS=console tells which"
            await asyncio.sleep(0.005)
        address = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
        headers = {"Authorization": f"ApiKey {key}"}
        async with AsyncClient(base_url=address, headers=headers, trust_env=False) as client:
            yield client
    finally:
        server.should_exit = True
        await running


async def as_subscriber(client: AsyncClient, subscriber_id: str) -> dict[str, str]:
    """What a browser of this subscriber sends along. Creates the subscriber."""
    await client.put(f"/api/v1/subscribers/{subscriber_id}", json={})
    answer = await client.post(f"/api/v1/subscribers/{subscriber_id}/tokens")
    return {"Authorization": f"Bearer {answer.json()['data']['token']}"}


@asynccontextmanager
async def stream_of(client: AsyncClient, headers: dict[str, str]) -> AsyncIterator[AsyncIterator[tuple[str, Any]]]:
    """The events of an open stream, each by its name and its data."""
    async with client.stream("GET", "/sse/notifications", headers=headers) as response:
        response.raise_for_status()
        yield _events(response.aiter_lines())


async def _events(lines: AsyncIterator[str]) -> AsyncIterator[tuple[str, Any]]:
    name = ""
    async for line in lines:
        field, _, value = line.partition(": ")
        if field == "event":
            name = value
        elif field == "data" and name:
            yield name, json.loads(value)
            name = ""


async def next_named(events: AsyncIterator[tuple[str, Any]], name: str, seconds: float = 5) -> Any:
    """The data of the next event of this name."""
    async with asyncio.timeout(seconds):
        async for each, data in events:
            if each == name:
                return data
    raise AssertionError(f"the stream ended before {name}")
