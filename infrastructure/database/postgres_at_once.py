"""A whole transaction as one data-modifying statement (PostgreSQL 15, section 7.8.4)."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
from sqlalchemy import Table
from sqlalchemy.ext.asyncio import AsyncConnection

from application.ports.stream_hints import StreamHint
from domain.realtime.stream import StreamUpdate
from infrastructure.database.new_rows import NewRows
from infrastructure.database.postgres_direct import fetch
from infrastructure.database.postgres_rows import NOW_MS, Places, parameters, shape_of, size_of
from infrastructure.database.repositories.streams import step
from infrastructure.database.transaction import Values

_STEPS = (("stream_id", "uuid"), ("tenant_id", "text"), ("moves", "bigint"), ("unread", "int"), ("unseen", "int"))
_NEWS = (("stream_id", "uuid"), ("place", "bigint"), ("kind", "text"), ("data", "bytea"), ("trace_id", "text"))


async def write_at_once(
    connection: AsyncConnection, waiting: Sequence[NewRows], updates: Sequence[StreamUpdate], trace_id: str | None
) -> list[StreamHint]:
    """Write all rows that wait and all stream updates, and commit; returns what to tell of the updates."""
    streams = _Streams(updates, trace_id)
    text = _text(tuple((new.table, size_of(new.rows)) for new in waiting), streams.sizes)
    values: list[Any] = []  # Any: parameters of whatever types the columns have
    for new in waiting:
        values += parameters([shape_of(new.table).values(row) for row in new.rows])
    try:
        moved = await fetch(connection, text, values + streams.parameters)
    except asyncpg.UniqueViolationError as error:
        raise _taken(waiting, error) from error
    return streams.hints(moved) if updates else []


def _taken(waiting: Sequence[NewRows], error: asyncpg.UniqueViolationError) -> Exception:
    name = getattr(error, "table_name", None)
    return next((new.taken() for new in waiting if new.taken is not None and new.table.name == name), error)


@lru_cache(maxsize=256)
def _text(tables: tuple[tuple[Table, int], ...], streams: tuple[int, int] | None) -> str:
    """Rows first, then the counters of streams, by id: in one order everywhere, so that nobody waits in a circle."""
    places = Places()
    parts = [
        f"new_{number} AS ({shape_of(table).insertion(places, size)} RETURNING 1)"
        for number, (table, size) in enumerate(tables)
    ]
    if streams is None:
        return f"WITH {', '.join(parts)} SELECT FROM new_0"
    written = " AND ".join(["TRUE", *(f"EXISTS (SELECT FROM new_{number})" for number in range(len(parts)))])
    return f"WITH {', '.join([*parts, *_moves(places, written, *streams)])} SELECT * FROM moved"


def _moves(places: Places, written: str, streams: int, updates: int) -> list[str]:
    """Lock the streams in the order of their ids, move their counters, log the updates."""
    return [
        f"step AS (SELECT * FROM {places.rows('step', _STEPS, streams)})",
        "locked AS (SELECT streams.stream_id FROM streams JOIN step USING (stream_id, tenant_id)"
        f" WHERE {written} ORDER BY streams.stream_id FOR UPDATE OF streams)",
        "moved AS (UPDATE streams SET seq = seq + moves, unread = streams.unread + step.unread,"
        " unseen = streams.unseen + step.unseen FROM step JOIN locked USING (stream_id)"
        " WHERE streams.stream_id = step.stream_id"
        " RETURNING streams.stream_id, epoch, seq, streams.unread, streams.unseen, moves)",
        "logged AS (INSERT INTO stream_events (stream_id, epoch, seq, kind, data, trace_id, created_at)"
        f" SELECT stream_id, epoch, seq - moves + place, kind, data, trace_id, {NOW_MS}"
        f" FROM moved JOIN {places.rows('news', _NEWS, updates)} USING (stream_id))",
    ]


class _Streams:
    """The updates of one transaction, by the streams that they move."""

    def __init__(self, updates: Sequence[StreamUpdate], trace_id: str | None) -> None:
        self._updates = updates
        self._trace_id = trace_id
        self._data = [msgspec.json.encode(one.data) for one in updates]
        self._steps: dict[UUID, list[StreamUpdate]] = {}
        self._places: list[int] = []
        for one in updates:
            steps = self._steps.setdefault(one.stream_id, [])
            steps.append(one)
            self._places.append(len(steps))

    @property
    def sizes(self) -> tuple[int, int] | None:
        """What the text has to know of them; None where there are none."""
        return (size_of(self._steps), size_of(self._updates)) if self._updates else None

    @property
    def parameters(self) -> list[Any]:  # Any: of whatever types the columns have
        """The values for `_STEPS` and `_NEWS`."""
        if not self._updates:
            return []
        steps = [
            (stream_id, steps[0].tenant_id, len(steps), *_difference(steps)) for stream_id, steps in self._steps.items()
        ]
        news = [
            (one.stream_id, place, one.kind.value, data, self._trace_id)
            for one, place, data in zip(self._updates, self._places, self._data, strict=True)
        ]
        return parameters(steps) + parameters(news)

    def hints(self, moved: Sequence[Mapping[str, Any]]) -> list[StreamHint]:  # Any: as above
        """What the counters were after each update; a stream that is gone has none."""
        streams: dict[UUID, Values] = {}
        for row in moved:
            steps = self._steps[row["stream_id"]]
            unread, unseen = _difference(steps)
            streams[row["stream_id"]] = dict(row) | {
                "seq": row["seq"] - len(steps),
                "unread": row["unread"] - unread,
                "unseen": row["unseen"] - unseen,
            }
        return [
            step(streams[one.stream_id], one, data, self._trace_id)
            for one, data in zip(self._updates, self._data, strict=True)
            if one.stream_id in streams
        ]


def _difference(steps: Sequence[StreamUpdate]) -> tuple[int, int]:
    return sum(one.unread for one in steps), sum(one.unseen for one in steps)
