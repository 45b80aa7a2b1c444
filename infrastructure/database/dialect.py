"""What differs between databases: the clock, inserts that may collide, and claims."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from sqlalchemy import ColumnElement, Table
from sqlalchemy.ext.asyncio import AsyncConnection

from application.ports.stream_hints import StreamHint
from domain.realtime.stream import StreamUpdate
from infrastructure.database.lease_statements import LeaseStatements
from infrastructure.database.new_rows import NewRows
from infrastructure.database.query import Query


class StoreDialect(Protocol):
    """One per database; everything else is written in portable SQLAlchemy Core."""

    @property
    def now_ms(self) -> ColumnElement[int]:
        """The store's own clock, in Unix milliseconds; never NULL."""
        ...

    @property
    def leases(self) -> LeaseStatements | None:
        """Leases by single statements, where this database has them."""
        ...

    # Any: column values by name.
    async def insert_new(
        self, connection: AsyncConnection, table: Table, rows: Sequence[Mapping[str, Any]], returning: str
    ) -> set[Any]:
        """Insert at least one row, leaving out what collides; returns column `returning` of those that are new."""
        ...

    async def hold_name(self, connection: AsyncConnection, name: str) -> None:
        """Wait until nobody else holds the name, and hold it until the end of the transaction."""
        ...

    async def upsert(
        self, connection: AsyncConnection, table: Table, row: Mapping[str, Any], keys: Sequence[str]
    ) -> None:
        """Insert a whole row, or replace the one with the same `keys`, the primary key."""
        ...

    async def ask(
        self, connection: AsyncConnection, query: Query, values: Mapping[str, Any]
    ) -> list[dict[str, Any]] | None:
        """The rows of a query outside of any transaction, or None where this database has no shorter way."""
        ...

    async def write_at_once(
        self,
        connection: AsyncConnection,
        waiting: Sequence[NewRows],
        updates: Sequence[StreamUpdate],
        trace_id: str | None,
    ) -> list[StreamHint] | None:
        """Everything that a transaction writes, and its commit, in one statement; what to tell of the updates.

        None, and nothing done, where this database has no such statement. Raises what the rows say when one is taken.
        """
        ...
