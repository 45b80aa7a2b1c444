"""SQLite as the store: engines and dialect."""

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from sqlalchemy import BigInteger, ColumnElement, Integer, Table, cast, event, func, insert, literal
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool, ConnectionPoolEntry

from application.ports.trace_context import TraceContext
from domain.realtime.stream import StreamUpdate
from infrastructure.database.dialect import StoreDialect
from infrastructure.database.new_rows import NewRows
from infrastructure.database.query import Query
from infrastructure.database.sql_comments import comment_statements

# UPDATE … FROM and RETURNING.
OLDEST_SQLITE: Final = (3, 35, 0)
# `unixepoch('subsec')` is NULL before 3.42, and NULL means final: the Julian day is exact to the millisecond
# everywhere.
JULIAN_DAY_OF_UNIX_EPOCH: Final = 2440587.5
MILLISECONDS_A_DAY: Final = 86_400_000


class SqliteDialect(StoreDialect):
    """One writer at a time, so that what was read in a transaction stays true until its commit."""

    @property
    def now_ms(self) -> ColumnElement[int]:
        days = func.julianday(literal("now")) - literal(JULIAN_DAY_OF_UNIX_EPOCH)
        return cast(func.round(days * literal(MILLISECONDS_A_DAY)), BigInteger().with_variant(Integer, "sqlite"))

    @property
    def leases(self) -> None:
        """None: SQLite's common table expressions do not write."""

    async def insert_new(
        self, connection: AsyncConnection, table: Table, rows: Sequence[Mapping[str, Any]], returning: str
    ) -> set[Any]:  # Any: values of the column asked for
        # Not the dialect's ON CONFLICT: SQLAlchemy compiles such a statement anew at every call, a millisecond each.
        statement = insert(table).prefix_with("OR IGNORE").returning(table.c[returning])
        return set((await connection.execute(statement, list(rows))).scalars())

    async def hold_name(self, connection: AsyncConnection, name: str) -> None:
        """Nobody else can hold it: there is one writer."""

    async def upsert(
        self, connection: AsyncConnection, table: Table, row: Mapping[str, Any], keys: Sequence[str]
    ) -> None:
        await connection.execute(insert(table).prefix_with("OR REPLACE"), dict(row))

    async def ask(self, connection: AsyncConnection, query: Query, values: Mapping[str, Any]) -> None:
        """No: there is no way to the server, and within the one writer no shorter one."""

    async def write_at_once(
        self,
        connection: AsyncConnection,
        waiting: Sequence[NewRows],
        updates: Sequence[StreamUpdate],
        trace_id: str | None,
    ) -> None:
        """No: SQLite's common table expressions do not write."""


class SqliteEngines:
    """A writer engine of one connection that begins IMMEDIATE, and a reader engine that cannot write.

    With more than one writing connection a process would wait for itself: 32 writers showed a p99 of 870 ms against
    77 ms.

    With `echo` statements are logged, and carry their `trace` as a comment.
    """

    def __init__(
        self,
        url: str,
        *,
        readers: int,
        busy_timeout_ms: int,
        echo: bool = False,
        trace: Callable[[], TraceContext] | None = None,
    ) -> None:
        self.url = url
        self.dialect = SqliteDialect()
        self._busy_timeout_ms = busy_timeout_ms
        self._trace = trace
        self.writer = self._engine(1, echo=echo, query_only=False)
        self.reader = self._engine(readers, echo=echo, query_only=True)
        self.health = self._engine(1, echo=echo, query_only=True)

    async def start(self) -> None:
        """Refuse an SQLite that is too old, and make the folder; connections are opened when they are needed."""
        if sqlite3.sqlite_version_info < OLDEST_SQLITE:
            raise RuntimeError(f"SQLite {sqlite3.sqlite_version} is too old: 3.35 or newer is needed")
        Path(self.url.partition(":///")[2]).parent.mkdir(mode=0o700, parents=True, exist_ok=True)

    async def stop(self) -> None:
        """Close all connections."""
        await asyncio.gather(self.writer.dispose(), self.reader.dispose(), self.health.dispose())

    def _engine(self, size: int, *, echo: bool, query_only: bool) -> AsyncEngine:
        if echo:
            # Not the engine's own `echo`: that writes to stdout, past the format and the redaction of the log.
            logging.getLogger("sqlalchemy.engine.Engine").setLevel(logging.INFO)
        engine = create_async_engine(
            self.url,
            poolclass=AsyncAdaptedQueuePool,
            pool_size=size,
            max_overflow=0,
            pool_timeout=self._busy_timeout_ms / 1000,
            hide_parameters=not echo,
        )

        def connected(connection: Any, _: ConnectionPoolEntry) -> None:  # Any: the driver's connection
            # Without this the driver begins transactions by itself, deferred, and two that read before they write
            # cannot both go on.
            connection.isolation_level = None
            cursor = connection.cursor()
            cursor.execute(f"PRAGMA busy_timeout={self._busy_timeout_ms}")
            cursor.execute("PRAGMA journal_mode=WAL")
            cursor.execute("PRAGMA synchronous=FULL")
            cursor.execute("PRAGMA temp_store=MEMORY")
            cursor.execute(f"PRAGMA query_only={int(query_only)}")
            cursor.close()

        def began(connection: Connection) -> None:
            connection.exec_driver_sql("BEGIN" if query_only else "BEGIN IMMEDIATE")

        def invalidated(connection: Any, _: ConnectionPoolEntry, __: BaseException | None) -> None:
            # Whoever is cancelled in the middle of a statement leaves a connection that is closed in name only: until
            # the statement is collected as garbage, its transaction would keep every other writer out.
            connection.rollback()

        event.listen(engine.sync_engine, "connect", connected)
        event.listen(engine.sync_engine.pool, "invalidate", invalidated)
        event.listen(engine.sync_engine, "begin", began)
        if echo and self._trace is not None:
            comment_statements(engine.sync_engine, self._trace)
        return engine
