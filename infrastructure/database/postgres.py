"""PostgreSQL as the store: engines and dialect."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import BigInteger, ColumnElement, Table, cast, func, literal, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

from application.ports.stream_hints import StreamHint
from domain.realtime.stream import StreamUpdate
from infrastructure.database.dialect import StoreDialect
from infrastructure.database.lease_statements import LeaseStatements
from infrastructure.database.new_rows import NewRows
from infrastructure.database.postgres_at_once import write_at_once
from infrastructure.database.postgres_direct import ask
from infrastructure.database.postgres_leases import PostgresLeases
from infrastructure.database.postgres_pool import look_before_use
from infrastructure.database.query import Query

MILLISECONDS: Final = 1000
# The beginning of the statement, not the volatile clock_timestamp(): a volatile bound cannot be looked up in an index.
# And not now(), which is the beginning of the transaction.
_NOW_MS: Final = cast(
    func.floor(func.extract("epoch", func.statement_timestamp()) * literal(MILLISECONDS)), BigInteger()
)
_HOLD: Final = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")


class PostgresDialect(StoreDialect):
    """Several writers at a time: what must stay true until the commit is read with `FOR UPDATE`."""

    @property
    def now_ms(self) -> ColumnElement[int]:
        return _NOW_MS

    @property
    def leases(self) -> LeaseStatements:
        return PostgresLeases()

    async def insert_new(
        self, connection: AsyncConnection, table: Table, rows: Sequence[Mapping[str, Any]], returning: str
    ) -> set[Any]:  # Any: values of the column asked for
        statement = insert(table).on_conflict_do_nothing().returning(table.c[returning])
        return set((await connection.execute(statement, list(rows))).scalars())

    async def hold_name(self, connection: AsyncConnection, name: str) -> None:
        await connection.execute(_HOLD, {"name": name})

    async def upsert(
        self, connection: AsyncConnection, table: Table, row: Mapping[str, Any], keys: Sequence[str]
    ) -> None:
        statement = insert(table).values(dict(row))
        changed = {name: statement.excluded[name] for name in row if name not in keys}
        await connection.execute(statement.on_conflict_do_update(index_elements=list(keys), set_=changed))

    async def ask(self, connection: AsyncConnection, query: Query, values: Mapping[str, Any]) -> list[dict[str, Any]]:
        return await ask(connection, query, values)

    async def write_at_once(
        self,
        connection: AsyncConnection,
        waiting: Sequence[NewRows],
        updates: Sequence[StreamUpdate],
        trace_id: str | None,
    ) -> list[StreamHint]:
        return await write_at_once(connection, waiting, updates, trace_id) if waiting or updates else []


class PostgresEngines:
    """One pool for writing and reading, and one connection apart for health, which must answer when the pool cannot.

    Readers see one snapshot (REPEATABLE READ) and cannot write. Every statement has a deadline, on the server and here:
    a server that is frozen sends nothing.
    """

    def __init__(
        self,
        url: str,
        *,
        pool_size: int,
        pool_timeout: float,
        statement_timeout: float,
        max_overflow: int = 0,
        echo: bool = False,
    ) -> None:
        self.url = url
        self.dialect = PostgresDialect()
        self._statement_timeout = statement_timeout
        if echo:
            # Not the engine's own `echo`: that writes to stdout, past the format and the redaction of the log.
            logging.getLogger("sqlalchemy.engine.Engine").setLevel(logging.INFO)
        self._echo = echo
        self.writer = self._engine(pool_size, max_overflow, pool_timeout)
        self.reader = self.writer.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        self.health = self._engine(1, 0, pool_timeout)

    async def start(self) -> None:
        """Nothing: connections are opened when they are needed."""

    async def stop(self) -> None:
        """Close all connections."""
        await asyncio.gather(self.writer.dispose(), self.health.dispose())

    def _engine(self, size: int, overflow: int, pool_timeout: float) -> AsyncEngine:
        milliseconds = str(int(self._statement_timeout * MILLISECONDS))
        engine = create_async_engine(
            self.url,
            poolclass=AsyncAdaptedQueuePool,
            pool_size=size,
            max_overflow=overflow,
            pool_timeout=pool_timeout,
            hide_parameters=not self._echo,
            connect_args={
                "timeout": pool_timeout,
                "command_timeout": self._statement_timeout + 1.0,
                "server_settings": {
                    "application_name": "carillon",
                    "statement_timeout": milliseconds,
                    "lock_timeout": milliseconds,
                    "idle_in_transaction_session_timeout": milliseconds,
                    "jit": "off",
                },
            },
        )
        look_before_use(engine)
        return engine
