"""Writes that wait for the commit because one statement may be all of it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import FromClause

from infrastructure.database.lease_statements import QueueTable

# Any: column values by name.
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deferred:
    """What changes rows of `tables`: `at_once`, in a statement that is its own transaction, or in the one that is open.

    `events` are the types of the events that may follow from it: if they are written, it is by the longer way.
    """

    tables: frozenset[FromClause]
    events: frozenset[str]
    at_once: Callable[[], Awaitable[None]]
    write: Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Leased:
    """Rows that were leased by a statement of its own: given back if the rest is not committed."""

    queue: QueueTable
    rows: list[dict[str, Any]]  # Any: as above
