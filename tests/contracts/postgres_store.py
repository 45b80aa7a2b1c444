"""PostgreSQL as a store of the suites: one database per test process, emptied for each test."""

import asyncio
import atexit
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import cache

import asyncpg
import pytest

from infrastructure.database.postgres import PostgresEngines
from infrastructure.database.postgres_migrator import PostgresMigrator
from infrastructure.database.tables import Row
from tests.contracts.sql_store import SqlStore
from tests.contracts.stores import Store
from tests.servers.postgres import NoPostgres, administer, running

EMPTY = "; ".join(f'DELETE FROM "{table.name}"' for table in Row.metadata.sorted_tables)  # noqa: S608


@cache
def _made() -> str:
    """By the first test of a process, in a thread of its own, since that test has a loop already."""
    name = f"carillon_contracts_{os.getpid()}"
    # Durable is what other tests show; here each commit would wait for the disk.
    quick = f"ALTER DATABASE {name} SET synchronous_commit = off"
    server = running()
    asyncio.run(administer(server, f"CREATE DATABASE {name}", quick))
    atexit.register(_drop, server, name)
    PostgresMigrator(address := f"{server}/{name}".replace("://", "+asyncpg://")).upgrade_now()
    return address


def _drop(server: str, name: str) -> None:
    with suppress(OSError, asyncpg.PostgresError):
        asyncio.run(administer(server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))


class PostgresStore(SqlStore):
    """A real server."""

    @classmethod
    @asynccontextmanager
    async def open(cls) -> AsyncIterator[Store]:
        try:
            url = await asyncio.to_thread(_made)
        except NoPostgres as error:
            pytest.skip(str(error))
        engines = PostgresEngines(url, pool_size=8, pool_timeout=5.0, statement_timeout=10.0)
        try:
            async with engines.writer.begin() as connection:
                driver = (await connection.get_raw_connection()).driver_connection
                assert driver is not None
                await driver.execute(EMPTY)
            yield cls(engines)
        finally:
            await engines.stop()
