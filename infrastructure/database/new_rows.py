"""Rows whose insertion answers nothing, so that it can wait for others."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Table

DUE: Final = "next_at"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRows:
    """Rows of one table. `taken` is raised where one collides with another: nothing else does."""

    table: Table
    taken: type[Exception] | None = None
    rows: list[dict[str, Any]] = field(default_factory=list)  # Any: column values by name


def due_in(milliseconds: int) -> int:
    """So long after the moment at which the store writes the row, by its own clock: for a column `next_at`.

    Nothing is due before 1970, so that a negative number is free to say it.
    """
    return -1 - milliseconds


def from_now(row: Mapping[str, Any]) -> bool:  # Any: as above
    """Whether the row is due at a time that only the store knows."""
    return (row.get(DUE) or 0) < 0


def store_time(row: dict[str, Any], now: int) -> dict[str, Any]:  # Any: as above
    """The row with its due time, when it is `now` by the store's clock."""
    return {**row, DUE: now - 1 - row[DUE]} if from_now(row) else row
