"""Streams in memory."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from uuid import UUID

from application.ports.stream_hints import StreamHint
from application.ports.stream_log import StreamLog
from application.ports.stream_reader import StreamReader
from application.shared.system_scope import SystemScope
from domain.realtime.stream import LoggedUpdate, StreamHead, StreamUpdate
from infrastructure.memory.database import MemoryDatabase, UpdateRow
from infrastructure.memory.transaction import Transaction
from infrastructure.memory.wire import encoded


class MemoryStreamLog(StreamLog):
    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def push(self, update: StreamUpdate) -> None:
        self._transaction.updates.append(update)


class MemoryStreamReader(StreamReader):
    def __init__(self, *, database: MemoryDatabase) -> None:
        self._database = database

    async def heads(self, scope: SystemScope, stream_ids: Collection[UUID]) -> Mapping[UUID, StreamHead]:
        found = (self._database.streams.committed.get(stream_id) for stream_id in stream_ids)
        return {stream.head.stream_id: stream.head for stream in found if stream is not None}

    async def read(
        self, scope: SystemScope, stream_id: UUID, epoch: int, after_seq: int, limit: int
    ) -> list[LoggedUpdate]:
        stream = self._database.streams.committed.get(stream_id)
        if stream is None or stream.head.epoch != epoch:
            return []
        first = max(after_seq + 1, stream.head.oldest_seq)
        wanted = range(first, min(stream.head.seq + 1, first + limit))
        found = (self._database.updates.committed.get((stream_id, seq)) for seq in wanted)
        return [row.update for row in found if row is not None]


def place_updates(transaction: Transaction, trace_id: str) -> list[StreamHint]:
    """Give the collected updates their places, in the order they were pushed. One without a stream is dropped."""
    return [hint for update in transaction.updates if (hint := _placed(transaction, update, trace_id)) is not None]


def _placed(transaction: Transaction, update: StreamUpdate, trace_id: str) -> StreamHint | None:
    rows = transaction.rows
    stream = rows.streams.get(update.stream_id)
    if stream is None or stream.tenant_id != update.tenant_id:
        return None
    before = stream.head
    head = replace(
        before, seq=before.seq + 1, unread=before.unread + update.unread, unseen=before.unseen + update.unseen
    )
    logged = LoggedUpdate(seq=head.seq, kind=update.kind.value, data=encoded(update.data), trace_id=trace_id)
    rows.streams.put(replace(stream, head=head))
    rows.updates.put(UpdateRow(stream_id=head.stream_id, update=logged, at=transaction.now()))
    return StreamHint(
        stream_id=head.stream_id,
        epoch=head.epoch,
        seq=head.seq,
        unread=head.unread,
        unseen=head.unseen,
        kind=logged.kind,
        data=logged.data,
        trace_id=trace_id,
    )


def forget_stream(rows: MemoryDatabase, stream_id: UUID) -> None:
    """Remove a stream with its log."""
    stream = rows.streams.remove(stream_id)
    if stream is not None:
        for seq in range(stream.head.oldest_seq, stream.head.seq + 1):
            rows.updates.remove((stream_id, seq))
