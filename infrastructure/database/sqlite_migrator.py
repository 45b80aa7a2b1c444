"""Bringing an SQLite file to the schema of this version."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, event
from sqlalchemy.engine import Connection
from sqlalchemy.pool import NullPool

SCRIPTS = Path(__file__).parent / "migrations"
# Migrations of a big table take their time, and the other processes of a first start wait for the one that migrates.
WAIT_MS = 120_000


class SqliteMigrator:
    """Migrates within one exclusive transaction: of several processes that start at once, one does it and the others
    find it done. Runs in a thread of its own, since Alembic's commands fail silently inside a running loop.
    """

    def __init__(self, url: str) -> None:
        self._url = url.replace("+aiosqlite", "")

    async def upgrade(self, revision: str = "head") -> None:
        """Bring the schema up to a revision."""
        await asyncio.to_thread(self.upgrade_now, revision)

    def upgrade_now(self, revision: str = "head") -> None:
        """The same, for callers without a loop."""
        self._in_transaction(lambda config: command.upgrade(config, revision))

    def downgrade_now(self, revision: str) -> None:
        """Take the schema back to a revision; `base` is an empty database."""
        self._in_transaction(lambda config: command.downgrade(config, revision))

    def check_now(self) -> None:
        """Raises when the models and the migrated schema differ."""
        self._in_transaction(command.check)

    async def at_head(self) -> bool:
        """Whether the schema is the one of this version."""
        return await asyncio.to_thread(self._at_head_now)

    def _at_head_now(self) -> bool:
        head = ScriptDirectory(str(SCRIPTS)).get_current_head()
        engine = create_engine(self._url, poolclass=NullPool)
        try:
            with engine.connect() as connection:
                return MigrationContext.configure(connection).get_current_revision() == head
        finally:
            engine.dispose()

    def _in_transaction(self, run: Callable[[Config], object]) -> None:
        Path(self._url.partition(":///")[2]).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        engine = create_engine(self._url, poolclass=NullPool, connect_args={"timeout": WAIT_MS / 1000})
        event.listen(engine, "connect", _connected)
        event.listen(engine, "begin", _began)
        try:
            with engine.begin() as connection:
                config = Config()
                config.set_main_option("script_location", str(SCRIPTS))
                config.attributes["connection"] = connection
                run(config)
        finally:
            engine.dispose()


def _connected(connection: object, _: object) -> None:
    # The driver would commit before each DDL statement, and half a migration would stay behind.
    connection.isolation_level = None  # type: ignore[attr-defined]
    cursor = connection.cursor()  # type: ignore[attr-defined]
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.close()


def _began(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN EXCLUSIVE")
