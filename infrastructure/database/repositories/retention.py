"""Forgetting in SQL: read some keys, delete those."""

from sqlalchemy import ColumnElement, delete, func, select, update

from application.ports.retention import Retention
from application.shared.system_scope import SystemScope
from domain.jobs.job import JobStatus
from infrastructure.database.event_tables import EventCursorRow, EventRow
from infrastructure.database.tables import IdempotencyRow, JobRow, StreamEventRow, StreamRow, TicketRow, table_of
from infrastructure.database.transaction import Transaction
from infrastructure.database.types import from_millis

_RECORDS = table_of(IdempotencyRow)
_TICKETS = table_of(TicketRow)
_JOBS = table_of(JobRow)
_STREAMS = table_of(StreamRow)
_UPDATES = table_of(StreamEventRow)
_EVENTS = table_of(EventRow)
_CURSORS = table_of(EventCursorRow)

RECORD_SECONDS = 86_400


class SqlRetention(Retention):
    """See the port."""

    def __init__(self, transaction: Transaction) -> None:
        self._tx = transaction

    async def forget_idempotency_records(self, scope: SystemScope, limit: int) -> int:
        old = _RECORDS.c.created_at < await self._before(RECORD_SECONDS)
        rows = await self._tx.rows(
            select(_RECORDS.c.tenant_id, _RECORDS.c.scope, _RECORDS.c.key).where(old).limit(limit)
        )
        for row in rows:
            same = [_RECORDS.c[name] == value for name, value in row.items()]
            await self._tx.execute(delete(_RECORDS).where(old, *same))
        return len(rows)

    async def forget_tickets(self, scope: SystemScope, limit: int) -> int:
        over = _TICKETS.c.until < await self._tx.now_ms()
        digests = [row["digest"] for row in await self._tx.rows(select(_TICKETS.c.digest).where(over).limit(limit))]
        return await self._tx.changed(delete(_TICKETS).where(_TICKETS.c.digest.in_(digests))) if digests else 0

    async def forget_jobs(
        self, scope: SystemScope, *, succeeded_seconds: float, dead_seconds: float, limit: int
    ) -> int:
        done = await self._finished([JobStatus.SUCCEEDED, JobStatus.CANCELLED], succeeded_seconds, limit)
        return done + await self._finished([JobStatus.DEAD], dead_seconds, limit - done)

    async def _finished(self, statuses: list[JobStatus], seconds: float, limit: int) -> int:
        before = from_millis(await self._before(seconds))
        old: list[ColumnElement[bool]] = [
            _JOBS.c.status.in_([status.value for status in statuses]),
            _JOBS.c.finished_at < before,
        ]
        ids = [row["id"] for row in await self._tx.rows(select(_JOBS.c.id).where(*old).limit(max(limit, 0)))]
        return await self._tx.changed(delete(_JOBS).where(_JOBS.c.id.in_(ids))) if ids else 0

    async def trim_streams(self, scope: SystemScope, *, keep: int, seconds: float, limit: int) -> int:
        """Whole prefixes go, so that what is left of a stream is without holes."""
        before = from_millis(await self._before(seconds))
        aged = (
            select(_UPDATES.c.stream_id, func.max(_UPDATES.c.seq).label("last"))
            .where(_UPDATES.c.created_at < before)
            .group_by(_UPDATES.c.stream_id)
            .limit(limit)
        )
        long = select(_STREAMS.c.stream_id, (_STREAMS.c.seq - keep).label("last")).where(
            _STREAMS.c.seq - _STREAMS.c.oldest_seq + 1 > keep
        )
        ends: dict[object, int] = {}
        for row in [*await self._tx.rows(aged), *await self._tx.rows(long.limit(limit))]:
            ends[row["stream_id"]] = max(row["last"], ends.get(row["stream_id"], 0))
        gone = 0
        for stream_id, last in ends.items():
            if gone >= limit:
                break
            gone += await self._cut(stream_id, last, limit - gone)
        return gone

    async def _cut(self, stream_id: object, last: int, limit: int) -> int:
        oldest = await self._tx.row(select(_STREAMS.c.oldest_seq).where(_STREAMS.c.stream_id == stream_id))
        if oldest is None:
            return await self._tx.changed(delete(_UPDATES).where(_UPDATES.c.stream_id == stream_id))
        last = min(last, oldest["oldest_seq"] + limit - 1)
        await self._tx.execute(update(_STREAMS).where(_STREAMS.c.stream_id == stream_id).values(oldest_seq=last + 1))
        return await self._tx.changed(delete(_UPDATES).where(_UPDATES.c.stream_id == stream_id, _UPDATES.c.seq <= last))

    async def forget_events(self, scope: SystemScope, *, seconds: float, limit: int) -> int:
        seen = select(func.min(_CURSORS.c.position)).scalar_subquery()
        old = [
            _EVENTS.c.position <= seen,
            _EVENTS.c.occurred_at < from_millis(await self._before(seconds)),
        ]
        ids = [row["id"] for row in await self._tx.rows(select(_EVENTS.c.id).where(*old).limit(limit))]
        return await self._tx.changed(delete(_EVENTS).where(_EVENTS.c.id.in_(ids))) if ids else 0

    async def _before(self, seconds: float) -> int:
        return await self._tx.now_ms() - int(seconds * 1000)
