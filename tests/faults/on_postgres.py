"""Scenes over PostgreSQL: a server that nobody kills, or one of the test's own."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.faults.scene import LEASE_SECONDS, QUICK, Scene, scene
from tests.servers.postgres import NoPostgres, PostgresServer, database, program, running

SECRET = "bm90IGEgc2VjcmV0LCBhIHRlc3Qgb2YgZmF1bHRzIHVuZGVyIGtpbGxz"
# Nobody kills a worker here: one that is only slow must not lose what it has in its hands.
PATIENT_LEASE = 60.0
PATIENT = {"WORKER_LEASE": f"{PATIENT_LEASE:g}s"}


@asynccontextmanager
async def killable(*settings: str) -> AsyncIterator[PostgresServer]:
    """A server of the test's own; the test is skipped where none can be made."""
    try:
        program("initdb")
    except NoPostgres as error:
        pytest.skip(str(error))
    async with PostgresServer(*settings) as server:
        yield server


@asynccontextmanager
async def empty_database() -> AsyncIterator[str]:
    """On a server that is shared with others; the test is skipped where there is none."""
    try:
        server = await asyncio.to_thread(running)
    except NoPostgres as error:
        pytest.skip(str(error))
    async with database(server) as url:
        yield url


@asynccontextmanager
async def postgres_scene(
    folder: Path, url: str, environment: Mapping[str, str] = QUICK, *, lease_seconds: float = LEASE_SECONDS
) -> AsyncIterator[Scene]:
    """An installation whose rows are in that database."""
    store = {"DATABASE_URL": url, "DB_AUTO_MIGRATE": "true", "AUTH_SECRET": SECRET}
    async with scene(folder, {**store, **environment}, lease_seconds=lease_seconds) as stage:
        yield stage


@asynccontextmanager
async def patient_scene(folder: Path, url: str, environment: Mapping[str, str] | None = None) -> AsyncIterator[Scene]:
    """The same with leases that outlast every wait."""
    settings = {**PATIENT, **(environment or {})}
    async with postgres_scene(folder, url, settings, lease_seconds=PATIENT_LEASE) as stage:
        yield stage
