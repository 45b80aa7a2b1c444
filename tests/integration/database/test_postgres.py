"""What only a database server can do: be empty, be absent, be full."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import text

from domain.shared.errors import Unavailable
from infrastructure.database.postgres import PostgresEngines
from infrastructure.database.postgres_migrator import LOCK, PostgresMigrator
from infrastructure.database.readers.snapshot import snapshot
from tests.e2e.processes import eventually
from tests.servers.postgres import NoPostgres, administer, database, running

PROJECT = Path(__file__).parents[3]
SECRET = "bm90IGEgc2VjcmV0LCBhIHRlc3Qgb2YgbWlncmF0aW9ucyBhbG9uZQ"

pytestmark = pytest.mark.service


@pytest.fixture
async def url() -> AsyncIterator[str]:
    try:
        server = await asyncio.to_thread(running)
    except NoPostgres as error:
        pytest.skip(str(error))
    async with database(server) as made:
        yield made


def carillon(*arguments: str, url: str, folder: Path) -> subprocess.CompletedProcess[str]:
    environ = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(PROJECT), "DATABASE_URL": url, "AUTH_SECRET": SECRET}
    command = [sys.executable, "-m", "app", *arguments]
    return subprocess.run(
        command, cwd=folder, env={**environ, "APP_PORT": "0"}, capture_output=True, text=True, timeout=60, check=False
    )


async def test_the_start_says_what_to_do_when_nobody_has_migrated(url: str, tmp_path: Path) -> None:
    started = await asyncio.to_thread(carillon, "worker", url=url, folder=tmp_path)

    assert started.returncode == 78
    assert started.stderr.splitlines() == [
        "configuration: DATABASE_URL names a database without this version's schema: run `python -m app db upgrade`"
    ]


async def test_schema_and_models_are_the_same_when_migrated_by_the_command(url: str, tmp_path: Path) -> None:
    upgraded = await asyncio.to_thread(carillon, "db", "upgrade", url=url, folder=tmp_path)
    checked = await asyncio.to_thread(carillon, "db", "check", url=url, folder=tmp_path)

    assert (upgraded.returncode, checked.returncode) == (0, 0), upgraded.stderr + checked.stderr


async def test_every_revision_can_be_taken_back(url: str) -> None:
    migrator = PostgresMigrator(url.replace("://", "+asyncpg://"))
    await migrator.upgrade()
    assert await migrator.at_head()
    await asyncio.to_thread(migrator.downgrade_now, "base")
    assert not await migrator.at_head()
    await migrator.upgrade()
    assert await migrator.at_head()


async def test_the_start_ends_in_one_line_when_the_database_is_missing(url: str, tmp_path: Path) -> None:
    started = await asyncio.to_thread(carillon, "worker", url=f"{url}_none", folder=tmp_path)

    assert started.returncode == 78
    (line,) = [line for line in started.stderr.splitlines() if line.startswith("configuration: ")]
    assert "does not exist" in line
    assert "Traceback" not in started.stderr


async def test_others_are_told_to_come_again_when_all_connections_are_taken(url: str) -> None:
    engines = PostgresEngines(url.replace("://", "+asyncpg://"), pool_size=1, pool_timeout=0.2, statement_timeout=5.0)
    try:
        async with snapshot(engines):
            with pytest.raises(Unavailable, match="in use"):
                async with snapshot(engines):
                    pass
            async with engines.health.connect():
                pass
        async with snapshot(engines):
            pass
    finally:
        await engines.stop()


async def test_what_was_read_counts_when_the_connection_is_lost_afterwards(url: str) -> None:
    engines = PostgresEngines(url.replace("://", "+asyncpg://"), pool_size=1, pool_timeout=5.0, statement_timeout=5.0)
    try:
        async with snapshot(engines) as lost:
            pid = await lost.connection.scalar(text("SELECT pg_backend_pid()"))
            await administer(url.rpartition("/")[0], f"SELECT pg_terminate_backend({pid}, 5000)")
        async with snapshot(engines) as again:
            assert await again.connection.scalar(text("SELECT pg_backend_pid()")) != pid
    finally:
        await engines.stop()


async def test_a_migration_that_loses_its_connection_may_be_tried_again(url: str) -> None:
    other = await asyncpg.connect(url)
    try:
        await other.execute("SELECT pg_advisory_lock($1)", LOCK)
        migration = asyncio.create_task(PostgresMigrator(url.replace("://", "+asyncpg://")).upgrade())
        waiting = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'advisory' AND datname = current_database()"
        pid = await eventually(lambda: other.fetchval(waiting), seconds=10)
        await other.fetchval("SELECT pg_terminate_backend($1)", pid)
        with pytest.raises(Unavailable):
            await migration
    finally:
        await other.close()
