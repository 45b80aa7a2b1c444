"""Looking at the store from outside, while the product uses it."""

from types import TracebackType
from typing import Any, Self
from uuid import UUID

from sqlalchemy import Row, Select, func, select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from domain.audit.chain import ChainHead, SealedEntry
from domain.jobs.job import JobStatus
from domain.notifications.delivery_status import FINAL, DeliveryStatus
from domain.realtime.cursor import Cursor
from infrastructure.database.event_tables import AuditEntryRow, AuditHeadRow, EventRow
from infrastructure.database.mappers.audit import head_from, sealed_from
from infrastructure.database.postgres import PostgresDialect
from infrastructure.database.run_tables import RunRow
from infrastructure.database.sqlite import SqliteDialect
from infrastructure.database.tables import (
    AttemptRow,
    DeliveryRow,
    InboxItemRow,
    JobRow,
    NotificationRow,
    NotificationTallyRow,
    StreamRow,
    SubscriberRow,
    table_of,
)
from infrastructure.database.types import from_millis
from tests.faults.facts import (
    Change,
    Facts,
    StoredAttempt,
    StoredDelivery,
    StoredItem,
    StoredLease,
    StoredNotification,
)

# What producers put into the payload, so that a notification can be told from another.
KEY = "faultKey"
COUNTED = tuple(status.value for status in DeliveryStatus if status is not DeliveryStatus.SENDING)
# By dialect: a trigger sees what any process does, and is undone with its transaction.
WATCHERS = {
    "sqlite": (
        "CREATE TABLE IF NOT EXISTS fault_changes"
        " (n INTEGER PRIMARY KEY AUTOINCREMENT, delivery_id BLOB, old TEXT, new TEXT)",
        "CREATE TRIGGER IF NOT EXISTS fault_watch AFTER UPDATE OF status ON deliveries WHEN old.status <> new.status"
        " BEGIN INSERT INTO fault_changes (delivery_id, old, new) VALUES (new.id, old.status, new.status); END",
    ),
    "postgresql": (
        "CREATE TABLE IF NOT EXISTS fault_changes (n BIGSERIAL PRIMARY KEY, delivery_id UUID, old TEXT, new TEXT)",
        "CREATE OR REPLACE FUNCTION fault_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " INSERT INTO fault_changes (delivery_id, old, new) VALUES (new.id, old.status, new.status);"
        " RETURN NULL; END $$",
        "CREATE OR REPLACE TRIGGER fault_watch AFTER UPDATE OF status ON deliveries FOR EACH ROW"
        " WHEN (old.status <> new.status) EXECUTE FUNCTION fault_change()",
    ),
}
DIALECTS = {"sqlite": SqliteDialect(), "postgresql": PostgresDialect()}

_DELIVERIES = table_of(DeliveryRow)
_JOBS = table_of(JobRow)
_NOTIFICATIONS = table_of(NotificationRow)
_RUNS = table_of(RunRow)
_TALLIES = table_of(NotificationTallyRow)


class Store:
    """The database of an installation; looks, and but for `watch` changes nothing."""

    def __init__(self, url: str) -> None:
        self._engine = create_async_engine(url, pool_pre_ping=True)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._engine.dispose()

    async def watch(self) -> None:
        """Let the store itself keep every change of a delivery's status from now on; the schema has to be there."""
        async with self._engine.begin() as connection:
            for statement in WATCHERS[connection.dialect.name]:
                await connection.execute(text(statement))

    async def unfinished(self) -> int:
        """How much is still to come: deliveries, runs and jobs that have not ended, pages that are not written."""
        final = [status.value for status in FINAL]
        due = [JobStatus.PENDING.value, JobStatus.RUNNING.value]
        waiting = (
            select(_DELIVERIES.c.id).where(_DELIVERIES.c.status.not_in(final)),
            select(_JOBS.c.id).where(_JOBS.c.status.in_(due)),
            select(_RUNS.c.id).where(_RUNS.c.finished_at.is_(None)),
            select(_NOTIFICATIONS.c.id).where(_NOTIFICATIONS.c.expanded.is_(False)),
        )
        async with self._engine.connect() as connection:
            return sum([await _count(connection, query) for query in waiting])

    async def holders(self) -> set[int]:
        """The processes that have deliveries in flight, by their ids: an owner's name is `<host>:<process>:<more>`."""
        query = select(_DELIVERIES.c.lease_owner).where(_DELIVERIES.c.status == DeliveryStatus.SENDING.value)
        async with self._engine.connect() as connection:
            return {int(owner.split(":")[1]) for owner in (await connection.execute(query)).scalars()}

    async def unrelayed(self) -> int:
        """How much the relay still has to do: tallies that are not folded, events and audit entries without a place."""
        sealed = (table_of(EventRow), table_of(AuditEntryRow))
        waiting = (select(_TALLIES.c.id), *(select(each.c.id).where(each.c.position.is_(None)) for each in sealed))
        async with self._engine.connect() as connection:
            return sum([await _count(connection, query) for query in waiting])

    async def writable(self) -> bool:
        """Whether nobody is in the middle of writing; matters where one writer keeps out all others."""
        if self._engine.dialect.name != "sqlite":
            return True
        async with self._engine.connect() as connection:
            await connection.exec_driver_sql("PRAGMA busy_timeout=0")
            try:
                await connection.exec_driver_sql("BEGIN IMMEDIATE")
            except OperationalError:
                return False
            finally:
                await connection.rollback()
                await connection.exec_driver_sql("PRAGMA busy_timeout=5000")
        return True

    async def heads(self) -> dict[str, Cursor]:
        """Where each subscriber's stream stands."""
        async with self._engine.connect() as connection:
            return await _heads(connection)

    async def most_kept(self) -> int:
        """How many updates the longest stream still has."""
        streams = table_of(StreamRow)
        async with self._engine.connect() as connection:
            query = select(func.max(streams.c.seq - streams.c.oldest_seq + 1))
            return int((await connection.execute(query)).scalar_one())

    # Any: the fields of Facts that are not in the store, by their names.
    async def collect(self, **known: Any) -> Facts:
        """All that the store holds, in one snapshot, beside what is known already."""
        async with self._engine.connect() as connection:
            now = (await connection.execute(select(DIALECTS[connection.dialect.name].now_ms))).scalar_one()
            return Facts(
                notifications=await _notifications(connection),
                deliveries=await _deliveries(connection),
                changes=await _changes(connection),
                attempts=await _attempts(connection),
                items=await _items(connection),
                leases=await _leases(connection),
                heads=await _heads(connection),
                audit=await _audit(connection),
                audit_heads=await _audit_heads(connection),
                now=from_millis(now),
                **known,
            )


async def _count(connection: AsyncConnection, query: Select[Any]) -> int:
    return int((await connection.execute(select(func.count()).select_from(query.subquery()))).scalar_one())


async def _rows(connection: AsyncConnection, query: Select[Any]) -> list[Row[Any]]:
    return list(await connection.execute(query))


async def _notifications(connection: AsyncConnection) -> list[StoredNotification]:
    sums = select(_TALLIES.c.notification_id, *(func.sum(_TALLIES.c[name]).label(name) for name in COUNTED))
    tallies = {row.notification_id: row for row in await _rows(connection, sums.group_by(_TALLIES.c.notification_id))}

    def counts(row: Row[Any]) -> dict[str, int]:
        tally = tallies.get(row.id)
        return {name: getattr(row, name) + (getattr(tally, name) if tally else 0) for name in COUNTED}

    return [
        StoredNotification(id=row.id, key=row.payload.get(KEY, ""), expanded=row.expanded, counts=counts(row))
        for row in await _rows(connection, select(_NOTIFICATIONS))
    ]


async def _deliveries(connection: AsyncConnection) -> list[StoredDelivery]:
    return [
        StoredDelivery(
            id=row.id,
            notification_id=row.notification_id,
            target=row.target,
            channel=row.channel,
            status=DeliveryStatus(row.status),
            reason=row.reason,
            rounds=row.rounds,
            crashes=row.crashes,
        )
        for row in await _rows(connection, select(_DELIVERIES))
    ]


async def _changes(connection: AsyncConnection) -> list[Change]:
    rows = await connection.execute(text("SELECT delivery_id, old, new FROM fault_changes ORDER BY n"))
    return [
        Change(delivery_id=_uuid(row.delivery_id), before=DeliveryStatus(row.old), after=DeliveryStatus(row.new))
        for row in rows
    ]


def _uuid(value: bytes | UUID) -> UUID:
    return UUID(bytes=value) if isinstance(value, bytes) else value


async def _attempts(connection: AsyncConnection) -> list[StoredAttempt]:
    return [
        StoredAttempt(
            id=row.id,
            delivery_id=row.delivery_id,
            provider=row.provider,
            outcome=row.outcome,
            started_at=row.started_at,
            finished_at=row.finished_at,
        )
        for row in await _rows(connection, select(table_of(AttemptRow)))
    ]


async def _items(connection: AsyncConnection) -> list[StoredItem]:
    return [
        StoredItem(id=row.id, notification_id=row.notification_id, recipient_id=row.recipient_id)
        for row in await _rows(connection, select(table_of(InboxItemRow)))
    ]


async def _leases(connection: AsyncConnection) -> list[StoredLease]:
    held = {
        "delivery": select(_DELIVERIES).where(_DELIVERIES.c.status == DeliveryStatus.SENDING.value),
        "job": select(_JOBS).where(_JOBS.c.status == JobStatus.RUNNING.value),
    }
    return [
        StoredLease(kind=kind, id=row.id, deadline=from_millis(row.next_at))
        for kind, query in held.items()
        for row in await _rows(connection, query)
    ]


async def _heads(connection: AsyncConnection) -> dict[str, Cursor]:
    streams, subscribers = table_of(StreamRow), table_of(SubscriberRow)
    query = select(subscribers.c.subscriber_id, streams.c.epoch, streams.c.seq).where(
        streams.c.stream_id == subscribers.c.id
    )
    return {row.subscriber_id: Cursor(row.epoch, row.seq) for row in await _rows(connection, query)}


async def _audit(connection: AsyncConnection) -> list[SealedEntry]:
    entries = table_of(AuditEntryRow)
    query = select(entries).where(entries.c.position.is_not(None)).order_by(entries.c.tenant_id, entries.c.position)
    return [sealed_from(dict(row)) for row in (await connection.execute(query)).mappings()]


async def _audit_heads(connection: AsyncConnection) -> dict[str, ChainHead]:
    rows = (await connection.execute(select(table_of(AuditHeadRow)))).mappings()
    return {row["tenant_id"]: head_from(dict(row)) for row in rows}
