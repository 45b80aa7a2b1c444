"""Catching up with streams in SQL."""

from collections.abc import Collection, Mapping
from uuid import UUID

from sqlalchemy import select

from application.ports.stream_reader import StreamReader
from application.shared.system_scope import SystemScope
from domain.realtime.stream import LoggedUpdate, StreamHead
from infrastructure.database.readers.snapshot import snapshot
from infrastructure.database.tables import StreamEventRow, StreamRow, table_of
from infrastructure.database.transaction import Transaction
from infrastructure.database.unit_of_work import Engines

_STREAMS = table_of(StreamRow)
_EVENTS = table_of(StreamEventRow)


class SqlStreamReader(StreamReader):
    """See the port."""

    def __init__(self, *, engines: Engines) -> None:
        self._engines = engines

    async def heads(self, scope: SystemScope, stream_ids: Collection[UUID]) -> Mapping[UUID, StreamHead]:
        async with snapshot(self._engines) as tx:
            return await heads_in(tx, stream_ids)

    async def read(
        self, scope: SystemScope, stream_id: UUID, epoch: int, after_seq: int, limit: int
    ) -> list[LoggedUpdate]:
        query = (
            select(_EVENTS.c.seq, _EVENTS.c.kind, _EVENTS.c.data, _EVENTS.c.trace_id)
            .where(_EVENTS.c.stream_id == stream_id, _EVENTS.c.epoch == epoch, _EVENTS.c.seq > after_seq)
            .order_by(_EVENTS.c.seq)
            .limit(limit)
        )
        async with snapshot(self._engines) as tx:
            return [LoggedUpdate(**row) for row in await tx.rows(query)]


async def heads_in(
    tx: Transaction, stream_ids: Collection[UUID], tenant_id: str | None = None
) -> dict[UUID, StreamHead]:
    """Where streams stand, in a snapshot that is already open; those of one tenant alone where it is given."""
    columns = [column for column in _STREAMS.c if column.name != "tenant_id"]
    query = select(*columns).where(_STREAMS.c.stream_id.in_(stream_ids))
    if tenant_id is not None:
        query = query.where(_STREAMS.c.tenant_id == tenant_id)
    return {row["stream_id"]: StreamHead(**row) for row in await tx.rows(query)}
