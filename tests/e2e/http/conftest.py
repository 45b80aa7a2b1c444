"""Carillon's HTTP side in the process of the test, over a container that the test may override.

E2E_TOPOLOGY says what it stands on: files, or PostgreSQL and Redis.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest
from httpx import ASGITransport, AsyncClient
from litestar import Litestar

from app.bootstrap.container import build_container
from app.bootstrap.http import create_app
from app.bootstrap.installation import install
from app.bootstrap.lifespan import running
from container import Container
from domain.identity.api_key import ApiKey, compose
from domain.identity.scopes import Scope
from domain.tenancy.tenant import Tenant
from infrastructure.config.loader import load_settings
from infrastructure.config.settings import Settings
from tests.e2e import topology

OURS, THEIRS = compose("A" * 30), compose("B" * 30)
# What ends what a test has started.
STARTED = AsyncExitStack()
STOP_SECONDS = 5.0
BACKEND = {"Authorization": f"ApiKey {OURS.text}"}
OTHER_TENANT = {"Authorization": f"ApiKey {THEIRS.text}"}


@dataclass(slots=True)
class Carillon:
    """One process without a server: its container, and clients of its application."""

    container: Container
    app: Litestar

    def client(self, peer: str = "127.0.0.1") -> AsyncClient:
        app = cast("Any", self.app)  # Any: httpx and Litestar have different words for ASGI
        return AsyncClient(transport=ASGITransport(app, client=(peer, 50_000)), base_url="http://localhost:8000")

    async def add_tenant(self, name: str, key: str) -> None:
        """A second tenant with a key that may do everything there."""
        now, ids = self.container.clock().now(), self.container.ids()
        async with self.container.unit_of_work() as uow:
            await uow.installation.add_tenant(Tenant(id=name, name=name, created_at=now))
            await uow.installation.add_api_key(
                ApiKey(
                    id=ids.new(),
                    tenant_id=name,
                    name="second",
                    digest=compose(key).digest,
                    scopes=frozenset({Scope.ALL}),
                    created_at=now,
                )
            )
            await uow.commit()


def settings_of(directory: Path, environ: Mapping[str, str]) -> Settings:
    """The smallest configuration, with whatever a test changes."""
    smallest = {
        "DATA_DIR": str(directory),
        "BOOTSTRAP_API_KEY": OURS.text,
        "AUTH_SECRET": "Vm0wd2QyUXlVWGxWV0d4V1YwZDRWMVl3WkRSV01WbDNXa1JTVj",
        "ENABLE_RATE_LIMITING": "false",
    }
    return load_settings({**smallest, **environ}, directory, make_secret=lambda: "unused")


async def start(directory: Path, **changes: str) -> Carillon:
    """Installed, and with the application built; it and its servers are let go of after the test."""
    servers = topology.environment()
    STARTED.push_async_callback(asyncio.to_thread, topology.remove, servers)
    container = build_container(settings_of(directory, {**servers, **changes}))
    await install(container)
    await STARTED.enter_async_context(
        running(container.api_lifecycle(), log=container.log(), stop_timeout=STOP_SECONDS)
    )
    return Carillon(container, create_app(container))


@pytest.fixture(autouse=True)
async def let_go() -> AsyncIterator[None]:
    """Stop what a test has started."""
    yield
    await STARTED.aclose()


@pytest.fixture
async def carillon(tmp_path: Path) -> Carillon:
    return await start(tmp_path)


@pytest.fixture
async def client(carillon: Carillon) -> AsyncIterator[AsyncClient]:
    async with carillon.client() as client:
        yield client
