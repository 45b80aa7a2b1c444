"""Queries that are built once."""

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import FromClause, Select
from sqlalchemy.sql.util import find_tables


@dataclass(frozen=True, slots=True, eq=False)
class Query:
    """A SELECT for what is asked so often that building it anew would cost more than asking.

    Its parameters, named or with a value of their own, are text, numbers or ids: what drivers take as it is.
    """

    statement: Select[Any]  # Any: rows of whatever columns
    tables: frozenset[FromClause] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "tables", frozenset(find_tables(self.statement, check_columns=True)))
