"""Leases by one statement each (PostgreSQL 15, section 7.8.4).

Rows are locked in the order of their ids, so that nobody waits in a circle, and then changed as they were locked: what
another transaction committed meanwhile is looked at again (section 13.2.1).
"""

from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from operator import itemgetter
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from application.ports.delivery_queue import DeliveryResult
from infrastructure.database.lease_statements import Claim, LeaseStatements, QueueTable, Rows
from infrastructure.database.postgres_direct import Process, fetch, reading
from infrastructure.database.postgres_results import record
from infrastructure.database.postgres_rows import NOW_MS

# What a claim changes beside the lease, where the table has it, and how that is undone.
_BEGUN: Final = {"leased_at": NOW_MS, "attempts": "attempts + 1"}
_UNDONE: Final = {"leased_at": "NULL", "attempts": "attempts - 1"}
_LINE_KINDS: Final = {str: "text", int: "smallint"}


class PostgresLeases(LeaseStatements):
    """See the port. Any, here and below: column values by name."""

    async def claim(self, connection: AsyncConnection, claim: Claim) -> list[dict[str, Any]]:
        text = _claim(claim.queue, tuple((name, type(value)) for name, value in claim.line.items()))
        values = [claim.owner, int(claim.seconds * 1000), claim.limit, claim.overdue, *claim.line.values()]
        read = _columns(claim.queue)
        rows = [
            {name: process(value) if process else value for (name, process), value in zip(read, row, strict=True)}
            for row in await fetch(connection, text, values)
        ]
        return sorted(rows, key=itemgetter("due_at", "id"))

    async def give_back(self, connection: AsyncConnection, queue: QueueTable, rows: Rows) -> None:
        columns = [[row[name] for row in rows] for name in ("id", "lease_token", "due_at")]
        await fetch(connection, _give_back(queue), columns)

    async def renew(
        self, connection: AsyncConnection, queue: QueueTable, leases: Sequence[tuple[UUID, int]], seconds: float
    ) -> set[UUID]:
        ids, tokens = [row_id for row_id, _ in leases], [token for _, token in leases]
        return {row["id"] for row in await fetch(connection, _renew(queue), [ids, tokens, int(seconds * 1000)])}

    async def record(
        self, connection: AsyncConnection, results: Sequence[DeliveryResult]
    ) -> dict[UUID, Mapping[str, Any]]:
        return await record(connection, results)


@lru_cache(maxsize=64)
def _claim(queue: QueueTable, line: tuple[tuple[str, type], ...]) -> str:
    name = queue.table.name
    fixed = " AND ".join(f"{column} = ${place}::{_LINE_KINDS[kind]}" for place, (column, kind) in enumerate(line, 5))
    columns = ", ".join(f"{name}.{column.name}" for column in queue.table.columns)
    return (
        f"WITH due AS MATERIALIZED (SELECT id, next_at AS due_at FROM {name} WHERE {fixed}"  # noqa: S608 - names of our own
        f" AND status = '{queue.pending}' AND next_at <= {NOW_MS} - $4::bigint"
        " ORDER BY next_at LIMIT $3::bigint FOR UPDATE SKIP LOCKED)"
        f" UPDATE {name} SET status = '{queue.leased}', next_at = {NOW_MS} + $2::bigint, lease_owner = $1::text,"
        f" lease_token = lease_token + 1{_also(queue, _BEGUN)} FROM due WHERE {name}.id = due.id"
        f" RETURNING {columns}, due_at, {NOW_MS} AS store_now"
    )


@cache
def _columns(queue: QueueTable) -> Sequence[tuple[str, Process | None]]:
    read = [(column.name, reading(column.type)) for column in queue.table.columns]
    return [*read, ("due_at", None), ("store_now", None)]


@cache
def _give_back(queue: QueueTable) -> str:
    name = queue.table.name
    return (
        f"WITH {_held(queue, 'unnest($1::uuid[], $2::int[], $3::bigint[]) AS lease(id, token, due_at)')}"  # noqa: S608 - names of our own
        f" UPDATE {name} SET status = '{queue.pending}', next_at = lease.due_at, lease_owner = NULL"
        f"{_also(queue, _UNDONE)} FROM held JOIN lease USING (id) WHERE {name}.id = held.id"
    )


@cache
def _renew(queue: QueueTable) -> str:
    name = queue.table.name
    return (
        f"WITH {_held(queue, 'unnest($1::uuid[], $2::int[]) AS lease(id, token)')}"  # noqa: S608 - names of our own
        f" UPDATE {name} SET next_at = {NOW_MS} + $3::bigint FROM held WHERE {name}.id = held.id"
        f" RETURNING {name}.id"
    )


def _held(queue: QueueTable, leases: str) -> str:
    """Those of the leases that are still ours, locked."""
    name = queue.table.name
    return (
        f"lease AS (SELECT * FROM {leases}),"  # noqa: S608 - names of our own
        f" held AS MATERIALIZED (SELECT {name}.id FROM {name} JOIN lease USING (id)"
        f" WHERE status = '{queue.leased}' AND lease_token = token ORDER BY {name}.id"
        f" FOR UPDATE OF {name})"
    )


def _also(queue: QueueTable, changes: Mapping[str, str]) -> str:
    return "".join(f", {name} = {value}" for name, value in changes.items() if name in queue.table.columns)
