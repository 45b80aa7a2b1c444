"""Rows that can be taken back."""

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Row = TypeVar("Row")
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Entry(Generic[Item]):
    """A row that is its own queue entry. `next_at`: due while it waits, deadline while leased, None when final."""

    item: Item
    next_at: datetime | None = None

    @property
    def at(self) -> datetime:
        assert self.next_at is not None, "waiting and leased rows have a time"
        return self.next_at


class _Index(Generic[Key, Row]):
    """Keys by a value computed from the row; a row whose value is None is not in it."""

    __slots__ = ("keys", "of")

    def __init__(self, of: Callable[[Row], Hashable]) -> None:
        self.of = of
        self.keys: dict[Hashable, dict[Key, None]] = {}

    def add(self, key: Key, row: Row) -> None:
        value = self.of(row)
        if value is not None:
            self.keys.setdefault(value, {})[key] = None

    def drop(self, key: Key, row: Row) -> None:
        value = self.of(row)
        if value is not None:
            del self.keys[value][key]
            if not self.keys[value]:
                del self.keys[value]


class Committed(Generic[Key, Row]):
    """The rows of a table without what the open transaction has done to them."""

    __slots__ = ("_table",)

    def __init__(self, table: "Table[Key, Row]") -> None:
        self._table = table

    def get(self, key: Key) -> Row | None:
        before = self._table.before
        return before[key] if key in before else self._table.get(key)

    def where(self, index: str, value: Hashable) -> list[Row]:
        of = self._table.indexes[index].of
        return self._without_changes(self._table.where(index, value)) + [
            row for row in self._table.before.values() if row is not None and of(row) == value
        ]

    def all(self) -> list[Row]:
        return self._without_changes(self._table.all()) + [
            row for row in self._table.before.values() if row is not None
        ]

    def _without_changes(self, rows: Iterable[Row]) -> list[Row]:
        key, before = self._table.key, self._table.before
        return [row for row in rows if key(row) not in before]


class Table(Generic[Key, Row]):
    """Immutable rows by key, as the one writer sees them; everybody else reads `committed`.

    Changes are made in place and noted, so that they can be undone to a mark; `settle` makes them final.
    """

    def __init__(self, key: Callable[[Row], Key], **indexes: Callable[[Row], Hashable]) -> None:
        self.key = key
        self.before: dict[Key, Row | None] = {}
        self.indexes = {name: _Index[Key, Row](of) for name, of in indexes.items()}
        self.committed = Committed(self)
        self._rows: dict[Key, Row] = {}
        self._changes: list[tuple[Key, Row | None]] = []

    def get(self, key: Key) -> Row | None:
        return self._rows.get(key)

    def where(self, index: str, value: Hashable) -> list[Row]:
        """The rows with this value in an index, in no order."""
        return [self._rows[key] for key in self.indexes[index].keys.get(value, ())]

    def one(self, index: str, value: Hashable) -> Row | None:
        """The same where there is at most one."""
        return next(iter(self.where(index, value)), None)

    def all(self) -> list[Row]:
        return list(self._rows.values())

    def put(self, row: Row) -> None:
        """Add the row, or replace the one with its key."""
        self._change(self.key(row), row)

    def remove(self, key: Key) -> Row | None:
        """Take a row away; returns it, or None when there was none."""
        row = self._rows.get(key)
        if row is not None:
            self._change(key, None)
        return row

    def mark(self) -> int:
        """Where the open transaction stands."""
        return len(self._changes)

    def undo_to(self, mark: int) -> None:
        """Take back what was done since."""
        while len(self._changes) > mark:
            self._write(*self._changes.pop())
        if not self._changes:
            self.before.clear()

    def settle(self) -> None:
        """What was done is committed."""
        self._changes.clear()
        self.before.clear()

    def _change(self, key: Key, row: Row | None) -> None:
        previous = self._rows.get(key)
        self._changes.append((key, previous))
        self.before.setdefault(key, previous)
        self._write(key, row)

    def _write(self, key: Key, row: Row | None) -> None:
        previous = self._rows.pop(key, None)
        for index in self.indexes.values():
            if previous is not None:
                index.drop(key, previous)
            if row is not None:
                index.add(key, row)
        if row is not None:
            self._rows[key] = row
