"""What stands in the database of an installation, asked past Carillon."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing

import asyncpg

from tests.e2e.processes import Installation

# What a schema counts that was made once, and more of when it was made twice: in SQLite every statement that changes
# it, in PostgreSQL the transactions that have left a table or an index.
MADE_IN = {
    "sqlite": "PRAGMA schema_version",
    "postgres": "SELECT count(DISTINCT xmin::text) FROM pg_class WHERE relnamespace = 'public'::regnamespace",
}


async def asked(installation: Installation, question: str) -> Sequence[tuple[object, ...]]:
    """The rows of the answer."""
    url = installation.settings.get("DATABASE_URL")
    if url is None:
        with closing(sqlite3.connect(f"file:{installation.data_dir}/carillon.db?mode=ro", uri=True)) as connection:
            return connection.execute(question).fetchall()
    server = await asyncpg.connect(url)
    try:
        return [tuple(row) for row in await server.fetch(question)]
    finally:
        await server.close()


async def schema_made_in(installation: Installation) -> object:
    """How often its schema was changed, to be compared with another installation's."""
    kind = "postgres" if "DATABASE_URL" in installation.settings else "sqlite"
    return await asked(installation, MADE_IN[kind])
