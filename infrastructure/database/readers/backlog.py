"""How much waits, in SQL."""

from sqlalchemy import ColumnElement, Select, Table, case, func, select

from application.metrics.ports import Backlog, BacklogReader
from application.shared.system_scope import SystemScope
from domain.jobs.job import JobStatus
from domain.notifications.channel import Channel
from domain.notifications.delivery import Priority
from domain.notifications.delivery_status import DeliveryStatus
from infrastructure.database.readers.snapshot import snapshot
from infrastructure.database.tables import DeliveryRow, JobRow, table_of
from infrastructure.database.transaction import Values
from infrastructure.database.unit_of_work import Engines

_DELIVERIES = table_of(DeliveryRow)
_JOBS = table_of(JobRow)


class SqlBacklogReader(BacklogReader):
    """Every column that leads to the open rows is named: counting must not read those that have ended."""

    def __init__(self, *, engines: Engines) -> None:
        self._engines = engines

    async def deliveries(self, scope: SystemScope, queues: frozenset[str]) -> dict[tuple[str, Channel], Backlog]:
        columns = _DELIVERIES.c
        query = self._counts(_DELIVERIES, DeliveryStatus.PENDING, DeliveryStatus.SENDING).add_columns(columns.channel)
        query = query.where(
            columns.queue.in_(sorted(queues)),
            columns.channel.in_([channel.value for channel in Channel]),
            columns.priority.in_([int(priority) for priority in Priority]),
        )
        async with snapshot(self._engines) as tx:
            rows = await tx.rows(query.group_by(columns.queue, columns.channel))
        return {(row["queue"], Channel(row["channel"])): _backlog(row) for row in rows}

    async def jobs(self, scope: SystemScope) -> dict[str, Backlog]:
        query = self._counts(_JOBS, JobStatus.PENDING, JobStatus.RUNNING).group_by(_JOBS.c.queue)
        async with snapshot(self._engines) as tx:
            return {row["queue"]: _backlog(row) for row in await tx.rows(query)}

    def _counts(self, table: Table, waiting: str, leased: str) -> Select[tuple[object, ...]]:
        now, columns = self._engines.dialect.now_ms, table.c
        is_waiting = columns.status == waiting
        is_due = is_waiting & (columns.next_at <= now)
        return select(
            columns.queue,
            _number(is_due).label("due"),
            _number(is_waiting & (columns.next_at > now)).label("later"),
            _number(columns.status == leased).label("leased"),
            func.coalesce(now - func.min(case((is_due, columns.next_at))), 0).label("oldest"),
        ).where(columns.status.in_([waiting, leased]))


def _number(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


def _backlog(row: Values) -> Backlog:
    return Backlog(
        due=int(row["due"]),
        later=int(row["later"]),
        leased=int(row["leased"]),
        oldest_seconds=int(row["oldest"]) / 1_000,
    )
