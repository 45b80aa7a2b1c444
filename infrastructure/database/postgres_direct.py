"""Statements that go to asyncpg directly: each is a transaction of its own, without BEGIN and COMMIT.

Through SQLAlchemy one notification to one person took twelve round trips and 4 ms of this process.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, Final

import asyncpg
from sqlalchemy import Select
from sqlalchemy.dialects.postgresql import asyncpg as asyncpg_dialect
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import TypeEngine

from infrastructure.database.postgres_arrays import with_arrays
from infrastructure.database.query import Query
from infrastructure.database.types import Bytes, Id, Millis, from_millis, to_millis

DIALECT: Final = asyncpg_dialect.dialect()  # type: ignore[no-untyped-call]

# Any: parameters and columns of whatever types the statement has.
Process = Callable[[Any], Any]


async def fetch(connection: AsyncConnection, text: str, parameters: Sequence[Any]) -> list[Mapping[str, Any]]:
    """Run one statement outside of any transaction. What says that the connection is lost is a `ConnectionError`."""
    direct = _driver(connection)
    try:
        found: list[Mapping[str, Any]] = await direct.fetch(text, *parameters)
    except asyncpg.InterfaceError as error:
        raise ConnectionError(str(error)) from error
    finally:
        if direct.is_closed():
            await connection.invalidate()
    return found


def _driver(connection: AsyncConnection) -> Any:  # Any: asyncpg has no types
    """Not by `get_raw_connection`, which makes a greenlet for what is there already."""
    pooled = connection.sync_connection
    if pooled is None or pooled.closed or pooled.invalidated:
        raise ConnectionError("the connection was lost")
    return pooled.connection.driver_connection


async def ask(connection: AsyncConnection, query: Query, values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """All rows of a query."""
    text, parameters, columns = _prepared(query)
    found = await fetch(connection, text, [values.get(name, fixed) for name, fixed in parameters])
    return [
        {name: read(value) if read else value for (name, read), value in zip(columns, row.values(), strict=True)}
        for row in found
    ]


@cache
def _prepared(query: Query) -> tuple[str, Sequence[tuple[str, Any]], Sequence[tuple[str, Process | None]]]:
    """Text, the name of each parameter with its value where the query has one, and how each column is read."""
    statement: Select[Any] = with_arrays(query.statement)
    compiled = statement.compile(dialect=DIALECT)
    columns = [(column.name, reading(column.type)) for column in statement.selected_columns]
    parameters = [(name, compiled.params[name]) for name in compiled.positiontup or ()]
    return str(compiled), parameters, columns


def reading(kind: TypeEngine[Any]) -> Process | None:
    """What the driver's value of a column has to go through; None where it is right as it is."""
    if isinstance(kind, Millis):
        return _instant
    return None if isinstance(kind, Id | Bytes) else kind.dialect_impl(DIALECT).result_processor(DIALECT, None)


def writing(kind: TypeEngine[Any]) -> Process | None:
    """What a value has to go through for the driver; None where it is right as it is."""
    if isinstance(kind, Millis):
        return _millis
    return None if isinstance(kind, Id | Bytes) else kind.dialect_impl(DIALECT).bind_processor(DIALECT)


# Past the type's own process, which is called through two others and asks for the dialect.
def _instant(millis: int | None) -> datetime | None:
    return None if millis is None else from_millis(millis)


def _millis(moment: datetime | None) -> int | None:
    return None if moment is None else to_millis(moment)
