"""Forgetting what has served its time, in memory."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice
from typing import TypeVar
from uuid import UUID

from application.ports.retention import Retention
from application.shared.system_scope import SystemScope
from domain.jobs.job import Job, JobStatus
from infrastructure.memory.database import StreamRow
from infrastructure.memory.idempotency import KEPT
from infrastructure.memory.tables import Table
from infrastructure.memory.transaction import Transaction

Key = TypeVar("Key")
Row = TypeVar("Row")


class MemoryRetention(Retention):
    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def forget_idempotency_records(self, scope: SystemScope, limit: int) -> int:
        table, oldest = self._transaction.rows.answers, self._transaction.now() - KEPT
        return _removed(table, (row.key for row in table.all() if row.at <= oldest), limit)

    async def forget_tickets(self, scope: SystemScope, limit: int) -> int:
        table, now = self._transaction.rows.tickets, self._transaction.now()
        return _removed(table, (row.ticket.digest for row in table.all() if row.until <= now), limit)

    async def forget_jobs(
        self, scope: SystemScope, *, succeeded_seconds: float, dead_seconds: float, limit: int
    ) -> int:
        table = self._transaction.rows.jobs
        succeeded, dead = self._ago(succeeded_seconds), self._ago(dead_seconds)
        finished = (
            entry.item.id
            for entry in table.all()
            if _finished_before(entry.item, dead if entry.item.status is JobStatus.DEAD else succeeded)
        )
        return _removed(table, finished, limit)

    async def trim_streams(self, scope: SystemScope, *, keep: int, seconds: float, limit: int) -> int:
        trimmed = 0
        for stream in self._transaction.rows.streams.all():
            if trimmed < limit:
                trimmed += self._trim(stream, keep, self._ago(seconds), limit - trimmed)
        return trimmed

    async def forget_events(self, scope: SystemScope, *, seconds: float, limit: int) -> int:
        rows, oldest = self._transaction.rows, self._ago(seconds)
        seen = min((position for _, position in rows.cursors.all()), default=0)
        done = sorted(
            event.position for event in rows.events.all() if event.position <= seen and event.occurred_at <= oldest
        )
        return _removed(rows.events, done, limit)

    def _trim(self, stream: StreamRow, keep: int, oldest: datetime, limit: int) -> int:
        """Cut off the beginning, so that what is left has no hole."""
        rows, first, head = self._transaction.rows, stream.head.oldest_seq, stream.head
        cut = first
        while cut <= head.seq and cut - first < limit and self._outlived(head.stream_id, cut, head.seq - keep, oldest):
            rows.updates.remove((head.stream_id, cut))
            cut += 1
        if cut > first:
            rows.streams.put(replace(stream, head=replace(head, oldest_seq=cut)))
        return cut - first

    def _outlived(self, stream_id: UUID, seq: int, too_many: int, oldest: datetime) -> bool:
        row = self._transaction.rows.updates.get((stream_id, seq))
        return row is None or seq <= too_many or row.at <= oldest

    def _ago(self, seconds: float) -> datetime:
        return self._transaction.now() - timedelta(seconds=seconds)


def _finished_before(job: Job, moment: datetime) -> bool:
    return job.finished_at is not None and job.finished_at <= moment


def _removed(table: Table[Key, Row], keys: Iterable[Key], limit: int) -> int:
    chosen = list(islice(keys, limit))
    for key in chosen:
        table.remove(key)
    return len(chosen)
