"""Subscribers' streams in SQL."""

from collections.abc import Sequence
from uuid import UUID

import msgspec
from sqlalchemy import bindparam, insert, select, update

from application.ports.stream_hints import StreamHint
from application.ports.stream_log import StreamLog
from application.shared.carried_trace import trace_id_of
from domain.realtime.stream import StreamUpdate
from infrastructure.database.tables import StreamEventRow, StreamRow, table_of
from infrastructure.database.transaction import Transaction, Values
from infrastructure.database.types import from_millis

_STREAMS = table_of(StreamRow)
_EVENTS = table_of(StreamEventRow)


class SqlStreamLog(StreamLog):
    """Collects; `write_updates` gives the places when the transaction is about to commit."""

    def __init__(self, transaction: Transaction) -> None:
        self._tx = transaction

    def push(self, update: StreamUpdate) -> None:
        self._tx.updates.append(update)


async def write_updates(tx: Transaction) -> list[StreamHint]:
    """The last statements of a transaction: the counters of all its streams, sorted by id, then the updates.

    Unsorted, two bulk transactions deadlock on a server that locks rows.
    """
    if not tx.updates:
        return []
    now = await tx.now_ms()
    streams = {row["stream_id"]: row for row in await _locked(tx, {update.stream_id for update in tx.updates})}
    trace_id = trace_of(tx)
    hints: list[StreamHint] = []
    logged: list[Values] = []
    for one in tx.updates:
        if (stream := streams.get(one.stream_id)) is None or stream["tenant_id"] != one.tenant_id:
            continue
        hints.append(step(stream, one, msgspec.json.encode(one.data), trace_id))
        logged.append(_row(hints[-1], now))
    if hints:
        await _write(tx, [streams[stream_id] for stream_id in sorted({hint.stream_id for hint in hints})], logged)
    return hints


async def _locked(tx: Transaction, stream_ids: set[UUID]) -> list[Values]:
    streams = select(_STREAMS).where(_STREAMS.c.stream_id.in_(stream_ids))
    return await tx.rows(streams.order_by(_STREAMS.c.stream_id).with_for_update())


def trace_of(tx: Transaction) -> str | None:
    """The trace that the updates of a transaction belong to."""
    return trace_id_of(tx.trace) if tx.trace else None


def step(stream: Values, one: StreamUpdate, data: bytes, trace_id: str | None) -> StreamHint:
    """Move the stream on by one update; returns what to tell of it."""
    stream["seq"] += 1
    stream["unread"] += one.unread
    stream["unseen"] += one.unseen
    return StreamHint(
        stream_id=one.stream_id,
        epoch=stream["epoch"],
        seq=stream["seq"],
        unread=stream["unread"],
        unseen=stream["unseen"],
        kind=one.kind.value,
        data=data,
        trace_id=trace_id,
    )


def _row(hint: StreamHint, now: int) -> Values:
    return {
        "stream_id": hint.stream_id,
        "epoch": hint.epoch,
        "seq": hint.seq,
        "kind": hint.kind,
        "data": hint.data,
        "trace_id": hint.trace_id,
        "created_at": from_millis(now),
    }


async def _write(tx: Transaction, streams: Sequence[Values], logged: Sequence[Values]) -> None:
    counters = [
        {"row_id": row["stream_id"], "seq": row["seq"], "unread": row["unread"], "unseen": row["unseen"]}
        for row in streams
    ]
    await tx.execute(
        update(_STREAMS)
        .where(_STREAMS.c.stream_id == bindparam("row_id"))
        .values(seq=bindparam("seq"), unread=bindparam("unread"), unseen=bindparam("unseen")),
        counters,
    )
    await tx.execute(insert(_EVENTS), logged)
