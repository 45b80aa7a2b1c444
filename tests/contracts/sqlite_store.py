"""SQLite as a store of the suites: a migrated file per test, copied from one that is made once."""

import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path

from infrastructure.database.sqlite import SqliteEngines
from infrastructure.database.sqlite_migrator import SqliteMigrator
from tests.contracts.sql_store import SqlStore
from tests.contracts.stores import Store


@cache
def _template() -> Path:
    path = Path(tempfile.mkdtemp(prefix="carillon-template-")) / "empty.db"
    SqliteMigrator(f"sqlite+aiosqlite:///{path}").upgrade_now()
    return path


class SqliteStore(SqlStore):
    """A real file."""

    @classmethod
    @asynccontextmanager
    async def open(cls) -> AsyncIterator[Store]:
        with tempfile.TemporaryDirectory(prefix="carillon-store-") as folder:
            path = Path(folder) / "store.db"
            shutil.copy(_template(), path)
            engines = SqliteEngines(f"sqlite+aiosqlite:///{path}", readers=2, busy_timeout_ms=5_000)
            await engines.start()
            try:
                yield cls(engines)
            finally:
                await engines.stop()
