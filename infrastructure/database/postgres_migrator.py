"""Bringing a PostgreSQL database to the schema of this version."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from infrastructure.database.connections import give_back
from infrastructure.database.failures import store_errors
from infrastructure.database.sqlite_migrator import SCRIPTS

# Any number, as long as nobody else of the same server takes it.
LOCK: Final = 0x0CA1_1110


class PostgresMigrator:
    """Migrates within one transaction that holds an advisory lock: of several processes that start at once, one does it
    and the others find it done. Without a deadline: migrations of a big table take their time.
    """

    def __init__(self, url: str) -> None:
        self._url = url

    async def upgrade(self, revision: str = "head") -> None:
        """Bring the schema up to a revision."""
        await self._in_transaction(lambda config: command.upgrade(config, revision))

    def upgrade_now(self, revision: str = "head") -> None:
        """The same, for callers without a loop."""
        asyncio.run(self.upgrade(revision))

    def downgrade_now(self, revision: str) -> None:
        """Take the schema back to a revision; `base` is an empty database."""
        asyncio.run(self._in_transaction(lambda config: command.downgrade(config, revision)))

    def check_now(self) -> None:
        """Raises when the models and the migrated schema differ."""
        asyncio.run(self._in_transaction(command.check))

    async def at_head(self) -> bool:
        """Whether the schema is the one of this version."""
        async with self._connected() as connection:
            return await connection.run_sync(_revision) == ScriptDirectory(str(SCRIPTS)).get_current_head()

    async def _in_transaction(self, run: Callable[[Config], object]) -> None:
        async with self._connected() as connection, connection.begin():
            await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
            await connection.run_sync(_run, run)

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[AsyncConnection]:
        engine = create_async_engine(self._url, poolclass=NullPool)
        try:
            with store_errors():
                connection = await engine.connect().start()
                try:
                    yield connection
                finally:
                    # Also when the caller was cancelled: what nobody closes is the server's until it notices.
                    await asyncio.shield(give_back(connection))
        finally:
            await engine.dispose()


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _run(connection: Connection, run: Callable[[Config], object]) -> None:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.attributes["connection"] = connection
    run(config)
