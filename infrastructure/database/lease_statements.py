"""Leases by one statement each, for databases that have such statements."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import Table
from sqlalchemy.ext.asyncio import AsyncConnection

from application.ports.delivery_queue import DeliveryResult

# A line: the leading columns of the claim's index, each fixed by equality.
Line = Mapping[str, str | int]
# Any: column values by name.
Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class QueueTable:
    """A table of rows that are claimed; `pending` and `leased` are the values of `status` that matter for it."""

    table: Table
    pending: str
    leased: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """At most `limit` rows of a line that have been due for `overdue` milliseconds, for `owner` and so many seconds."""

    queue: QueueTable
    line: Line
    limit: int
    owner: str
    seconds: float
    overdue: int = 0


class LeaseStatements(Protocol):
    """Each is a transaction of its own, on a connection that has none open. Any: column values by name."""

    async def claim(self, connection: AsyncConnection, claim: Claim) -> list[dict[str, Any]]:
        """Lease the rows that are due longest, unless somebody else is claiming them; each as it is then, longest due
        first, with `due_at` and `store_now`.
        """
        ...

    async def give_back(self, connection: AsyncConnection, queue: QueueTable, rows: Rows) -> None:
        """Undo a claim: the rows are due as they were, though under a token that has grown."""
        ...

    async def renew(
        self, connection: AsyncConnection, queue: QueueTable, leases: Sequence[tuple[UUID, int]], seconds: float
    ) -> set[UUID]:
        """Prolong those that are still leased under the token given; returns their ids."""
        ...

    async def record(
        self, connection: AsyncConnection, results: Sequence[DeliveryResult]
    ) -> dict[UUID, Mapping[str, Any]]:
        """Write the results of those deliveries that are still leased under the token given, with their attempts and
        tallies. Of those, by id: `tenant_id`, `target`, `channel` and `store_now`.
        """
        ...
