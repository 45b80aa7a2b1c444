"""Statements that go to asyncpg directly: each is a transaction of its own, without BEGIN and COMMIT.

Through SQLAlchemy one notification to one person took twelve round trips and 4 ms of this process.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, Final

import asyncpg
from sqlalchemy.dialects.postgresql import asyncpg as asyncpg_dialect
from sqlalchemy.ext.asyncio import AsyncConnection

from infrastructure.database.query import Query

DIALECT: Final = asyncpg_dialect.dialect()  # type: ignore[no-untyped-call]

# Any: parameters and columns of whatever types the statement has.
Process = Callable[[Any], Any]


async def fetch(connection: AsyncConnection, text: str, parameters: Sequence[Any]) -> list[Mapping[str, Any]]:
    """Run one statement outside of any transaction. What says that the connection is lost is a `ConnectionError`."""
    raw = await connection.get_raw_connection()
    direct: Any = raw.driver_connection  # Any: asyncpg has no types
    try:
        found: list[Mapping[str, Any]] = await direct.fetch(text, *parameters)
    except asyncpg.InterfaceError as error:
        raise ConnectionError(str(error)) from error
    finally:
        if direct.is_closed():
            await connection.invalidate()
    return found


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
    compiled = query.statement.compile(dialect=DIALECT)
    columns = [
        (column.name, column.type.dialect_impl(DIALECT).result_processor(DIALECT, None))
        for column in query.statement.selected_columns
    ]
    parameters = [(name, compiled.params[name]) for name in compiled.positiontup or ()]
    return str(compiled), parameters, columns
