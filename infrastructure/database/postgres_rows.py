"""Rows as parameters of a statement whose text depends on no value, so that PostgreSQL plans it once."""

from collections.abc import Mapping, Sequence, Sized
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from sqlalchemy import Column, String, Table

from infrastructure.database.new_rows import DUE
from infrastructure.database.postgres_direct import DIALECT, Process, writing

NOW_MS: Final = "floor(extract(epoch FROM statement_timestamp()) * 1000)::bigint"
# So many rows are parameters of their own; more are an array for each column, which asyncpg is slow to take apart.
FEW: Final = 4
MANY: Final = 0

# Name and type of a column.
Columns = Sequence[tuple[str, str]]


class Places:
    """The parameters of a statement while its text is put together."""

    def __init__(self) -> None:
        self._last = 0

    def take(self, kind: str) -> str:
        """The next parameter."""
        self._last += 1
        return f"${self._last}::{kind}"

    def rows(self, name: str, columns: Columns, size: int) -> str:
        """A table of rows, as `size_of` gives their number."""
        names = ", ".join(column for column, _ in columns)
        if size == MANY:
            return f"unnest({', '.join(self.take(f'{kind}[]') for _, kind in columns)}) AS {name}({names})"
        rows = (f"({', '.join(self.take(kind) for _, kind in columns)})" for _ in range(size))
        return f"(VALUES {', '.join(rows)}) AS {name}({names})"


def size_of(rows: Sized) -> int:
    """What the text has to know of the number of rows."""
    return len(rows) if len(rows) <= FEW else MANY


def parameters(rows: Sequence[Sequence[Any]]) -> list[Any]:
    """The values for `Places.rows`. Any: of whatever types the columns have."""
    if size_of(rows) == MANY:
        return list(map(list, zip(*rows, strict=True)))
    return [value for row in rows for value in row]


@dataclass(frozen=True, slots=True)
class Shape:
    """How a table's rows are written."""

    table: str
    columns: Columns
    writing: Sequence[tuple[str, Process | None]]

    def insertion(self, places: Places, size: int) -> str:
        """An INSERT of new rows."""
        names = ", ".join(name for name, _ in self.columns)
        due = f"CASE WHEN {DUE} < 0 THEN {NOW_MS} - 1 - {DUE} ELSE {DUE} END"
        taken = ", ".join(due if name == DUE else name for name, _ in self.columns)
        return f"INSERT INTO {self.table} ({names}) SELECT {taken} FROM {places.rows('new', self.columns, size)}"

    def values(self, row: Mapping[str, Any]) -> list[Any]:
        """A row in the order of its columns. Any: of whatever types they have."""
        return [row[name] if write is None else write(row[name]) for name, write in self.writing]


@cache
def shape_of(table: Table) -> Shape:
    """The shape of a table; its columns are worked out once."""
    return Shape(
        table=table.name,
        columns=[(column.name, _kind(column)) for column in table.columns],
        writing=[(column.name, writing(column.type)) for column in table.columns],
    )


def _kind(column: Column[Any]) -> str:  # Any: whatever the column holds
    # A cast to VARCHAR(n) would cut what is too long; the column itself refuses it.
    implementation = column.type.dialect_impl(DIALECT)
    return "text" if isinstance(implementation, String) else implementation.compile(dialect=DIALECT)
