"""How much waits, in memory."""

from collections.abc import Sequence
from datetime import datetime

from application.metrics.ports import Backlog, BacklogReader
from application.ports.clock import Clock
from application.shared.system_scope import SystemScope
from domain.jobs.job import JobStatus
from domain.notifications.channel import Channel
from domain.notifications.delivery_status import DeliveryStatus
from infrastructure.memory.database import MemoryDatabase


class MemoryBacklogReader(BacklogReader):
    """Looks at every row: in-memory stores are small."""

    def __init__(self, *, database: MemoryDatabase, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def deliveries(self, scope: SystemScope, queues: frozenset[str]) -> dict[tuple[str, Channel], Backlog]:
        states = {DeliveryStatus.PENDING: False, DeliveryStatus.SENDING: True}
        lines: dict[tuple[str, Channel], list[tuple[datetime, bool]]] = {}
        for entry in self._database.deliveries.committed.all():
            item = entry.item
            if item.status in states and item.queue in queues:
                lines.setdefault((item.queue, item.channel), []).append((entry.at, states[item.status]))
        return {line: self._backlog(rows) for line, rows in lines.items()}

    async def jobs(self, scope: SystemScope) -> dict[str, Backlog]:
        states = {JobStatus.PENDING: False, JobStatus.RUNNING: True}
        lines: dict[str, list[tuple[datetime, bool]]] = {}
        for entry in self._database.jobs.committed.all():
            if entry.item.status in states:
                lines.setdefault(entry.item.queue, []).append((entry.at, states[entry.item.status]))
        return {line: self._backlog(rows) for line, rows in lines.items()}

    def _backlog(self, rows: Sequence[tuple[datetime, bool]]) -> Backlog:
        now = self._clock.now()
        waiting = [at for at, leased in rows if not leased]
        due = [at for at in waiting if at <= now]
        return Backlog(
            due=len(due),
            later=len(waiting) - len(due),
            leased=len(rows) - len(waiting),
            oldest_seconds=(now - min(due, default=now)).total_seconds(),
        )
