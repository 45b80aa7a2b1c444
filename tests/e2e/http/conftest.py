"""Carillon's HTTP side over its own container, everything in memory; with E2E_DATABASE=postgres, rows on a server."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest
from httpx import ASGITransport, AsyncClient
from litestar import Litestar

from app.bootstrap.container import build_container
from app.bootstrap.http import create_app
from app.bootstrap.installation import install
from container import Container
from domain.identity.api_key import ApiKey, compose
from domain.identity.scopes import Scope
from domain.tenancy.tenant import Tenant
from infrastructure.config.loader import load_settings
from infrastructure.config.settings import Settings
from tests.e2e import databases

OURS, THEIRS = compose("A" * 30), compose("B" * 30)
STARTED: list[Container] = []
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


def settings_of(directory: Path, **changes: str) -> Settings:
    """The smallest configuration, with whatever a test changes."""
    environ: Mapping[str, str] = {
        "DATABASE_URL": "memory://",
        "QUEUE_DRIVER": "memory",
        "REALTIME_DRIVER": "memory",
        "DATA_DIR": str(directory),
        "BOOTSTRAP_API_KEY": OURS.text,
        "AUTH_SECRET": "Vm0wd2QyUXlVWGxWV0d4V1YwZDRWMVl3WkRSV01WbDNXa1JTVj",
        "ENABLE_RATE_LIMITING": "false",
        **({} if "DATABASE_URL" in changes else databases.environment()),
        **changes,
    }
    return load_settings(environ, directory, make_secret=lambda: "unused")


async def start(directory: Path, **changes: str) -> Carillon:
    """Installed, and with the application built."""
    container = build_container(settings_of(directory, **changes))
    STARTED.append(container)
    await install(container)
    return Carillon(container, create_app(container))


@pytest.fixture(autouse=True)
async def server_databases() -> AsyncIterator[None]:
    """Where rows are on a server, let go of it after each test."""
    yield
    while STARTED:
        container = STARTED.pop()
        if (url := container.settings().database.url).startswith("postgresql"):
            await container.engines().stop()
            await asyncio.to_thread(databases.remove, {"DATABASE_URL": url.replace("+asyncpg", "")})


@pytest.fixture
async def carillon(tmp_path: Path) -> Carillon:
    return await start(tmp_path)


@pytest.fixture
async def client(carillon: Carillon) -> AsyncIterator[AsyncClient]:
    async with carillon.client() as client:
        yield client
