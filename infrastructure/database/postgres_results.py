"""The results of deliveries in one statement: the queue's rows, their attempts and the tallies."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from application.ports.delivery_queue import DeliveryResult
from domain.notifications.delivery import POISON
from domain.notifications.delivery_status import DeliveryStatus
from infrastructure.database.mappers.notifications import TALLIED, attempt_values
from infrastructure.database.postgres_direct import fetch
from infrastructure.database.postgres_rows import MANY, NOW_MS, Places, shape_of
from infrastructure.database.tables import AttemptRow, table_of
from infrastructure.database.types import to_millis

_RESULT: Final = (
    ("id", "uuid"),
    ("token", "int"),
    ("status", "text"),
    ("reason", "text"),
    ("rounds", "int"),
    ("delay", "bigint"),
    ("finished_at", "bigint"),
)
_MILLISECOND: Final = timedelta(milliseconds=1)


# Any: column values, by name and not.
async def record(connection: AsyncConnection, results: Sequence[DeliveryResult]) -> dict[UUID, Mapping[str, Any]]:
    """See `LeaseStatements.record`."""
    shape = shape_of(table_of(AttemptRow))
    tried = [shape.values(attempt_values(attempt)) for result in results for attempt in result.attempts]
    values = [*_turned(list(map(_row, results)), len(_RESULT)), *_turned(tried, len(shape.columns))]
    return {row["id"]: row for row in await fetch(connection, _text(), values)}


def _row(result: DeliveryResult) -> tuple[Any, ...]:
    delay, finished = result.delay, result.finished_at
    return (
        result.delivery_id,
        result.token,
        result.status,
        result.reason,
        result.rounds,
        None if delay is None else timedelta(seconds=delay) // _MILLISECOND,
        None if finished is None else to_millis(finished),
    )


def _turned(rows: Sequence[Sequence[Any]], columns: int) -> list[list[Any]]:
    """A list for each column."""
    return list(map(list, zip(*rows, strict=True))) if rows else [[] for _ in range(columns)]


@cache
def _text() -> str:
    """What `Delivery.recorded` says, in SQL. A delivery that is lost is not `held`, and nothing is written of it."""
    places, shape = Places(), shape_of(table_of(AttemptRow))
    results = places.rows("result", _RESULT, MANY)
    attempts = places.rows("attempt", shape.columns, MANY)
    columns = ", ".join(name for name, _ in shape.columns)
    pending, sending = DeliveryStatus.PENDING.value, DeliveryStatus.SENDING.value
    return (
        f"WITH result AS (SELECT * FROM {results}),"  # noqa: S608 - names of our own
        " held AS MATERIALIZED (SELECT deliveries.id, tenant_id, notification_id, target, channel,"
        " result.status, result.reason, result.rounds, result.delay, result.finished_at"
        f" FROM deliveries JOIN result USING (id) WHERE deliveries.status = '{sending}' AND lease_token = token"
        " ORDER BY deliveries.id FOR UPDATE OF deliveries),"
        " changed AS (UPDATE deliveries SET status = held.status, reason = held.reason, rounds = held.rounds,"
        f" next_at = CASE WHEN held.status = '{pending}' THEN least({NOW_MS} + coalesce(delay, 0), expires_at) END,"
        " lease_owner = NULL, leased_at = NULL, suspicion = 0,"
        f" crashes = CASE WHEN held.reason = '{POISON}' THEN crashes ELSE 0 END, finished_at = held.finished_at"
        " FROM held WHERE deliveries.id = held.id),"
        f" tried AS (INSERT INTO attempts ({columns}) SELECT {columns} FROM {attempts}"
        " WHERE delivery_id IN (SELECT id FROM held)),"
        f" counted AS (INSERT INTO notification_tallies (notification_id, {', '.join(TALLIED)})"
        f" SELECT notification_id, {', '.join(map(_tally, TALLIED))}"
        " FROM held WHERE delay IS NULL GROUP BY notification_id)"
        f" SELECT id, tenant_id, target, channel, {NOW_MS} AS store_now FROM held"
    )


def _tally(status: str) -> str:
    """How many came to a status; those that did were counted as pending until now."""
    came = f"count(*) FILTER (WHERE status = '{status}')"
    return f"{came} - count(*)" if status == DeliveryStatus.PENDING else came
