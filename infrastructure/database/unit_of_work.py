"""One transaction of the SQL store."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from types import TracebackType
from typing import Protocol, Self, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from application.metrics.ended_deliveries import count_ends
from application.ports.ids import Ids
from application.ports.log import Log
from application.ports.metrics import Metrics
from application.ports.stream_hints import StreamHint, StreamHints
from application.ports.trace_context import TraceContext
from application.ports.unit_of_work import Savepoint, SystemUnitOfWork
from application.ports.wake_ups import WakeUps
from application.realtime.published import tell_published
from application.relay.event_interest import EventInterest
from application.shared.idempotency import Idempotency
from application.shared.log_events import JOB_QUEUED
from application.shared.reaction import Reactions
from infrastructure.database.connections import give_back
from infrastructure.database.dialect import StoreDialect
from infrastructure.database.failures import store_errors
from infrastructure.database.repositories.audit import SqlAuditLog, write_audit
from infrastructure.database.repositories.deliveries import SqlDeliveryRepository
from infrastructure.database.repositories.delivery_queue import SqlDeliveryQueue
from infrastructure.database.repositories.event_relay import SqlEventRelay, subscribed
from infrastructure.database.repositories.events import SqlEventLog, write_events
from infrastructure.database.repositories.idempotency import IdempotencyRecords
from infrastructure.database.repositories.inbox import SqlInboxRepository
from infrastructure.database.repositories.installation import SqlInstallationRepository
from infrastructure.database.repositories.job_store import SqlJobStore
from infrastructure.database.repositories.jobs import SqlJobQueue
from infrastructure.database.repositories.leases import SqlLeaseRows
from infrastructure.database.repositories.notifications import SqlNotificationRepository
from infrastructure.database.repositories.preferences import SqlPreferenceRepository
from infrastructure.database.repositories.retention import SqlRetention
from infrastructure.database.repositories.run_queue import SqlRunQueue
from infrastructure.database.repositories.runs import SqlRunRepository
from infrastructure.database.repositories.step_windows import SqlStepWindowRepository
from infrastructure.database.repositories.streams import SqlStreamLog, trace_of, write_updates
from infrastructure.database.repositories.subscribers import SqlSubscriberRepository
from infrastructure.database.repositories.tickets import SqlTicketRepository
from infrastructure.database.repositories.topics import SqlTopicRepository
from infrastructure.database.repositories.workflows import SqlWorkflowRepository
from infrastructure.database.transaction import Transaction
from infrastructure.database.types import from_millis

View = TypeVar("View")


class Engines(Protocol):
    """Where connections come from."""

    @property
    def writer(self) -> AsyncEngine: ...

    @property
    def reader(self) -> AsyncEngine: ...

    @property
    def health(self) -> AsyncEngine:
        """Answers when the others are busy."""
        ...

    @property
    def dialect(self) -> StoreDialect: ...


class SqlUnitOfWork(SystemUnitOfWork):
    """See the port. A reaction may append events of its own; what follows from those runs too."""

    def __init__(  # noqa: PLR0913 - one for each port
        self,
        *,
        engines: Engines,
        hints: StreamHints,
        wake_ups: WakeUps,
        reactions: Reactions,
        interest: EventInterest,
        ids: Ids,
        trace: TraceContext,
        log: Log,
        metrics: Metrics,
    ) -> None:
        self._engines = engines
        self._hints = hints
        self._wake_ups = wake_ups
        self._reactions = reactions
        self._interest = interest
        self._ids = ids
        self._trace = trace
        self._log = log
        self._metrics = metrics
        self._connection: AsyncConnection | None = None
        self._busy = asyncio.Lock()

    async def __aenter__(self) -> Self:
        connection = self._engines.writer.connect()
        with store_errors():
            self._connection = await connection.start()
        self._tx = Transaction(self._connection, self._engines.dialect, trace=self._trace.carried())
        self._open_repositories()
        return self

    def _open_repositories(self) -> None:
        tx = self._tx
        self.notifications = SqlNotificationRepository(tx)
        self.deliveries = SqlDeliveryRepository(tx)
        self.subscribers = SqlSubscriberRepository(tx)
        self.topics = SqlTopicRepository(tx)
        self.preferences = SqlPreferenceRepository(tx)
        self.workflows = SqlWorkflowRepository(tx)
        self.runs = SqlRunRepository(tx)
        self.step_windows = SqlStepWindowRepository(tx)
        self.inbox = SqlInboxRepository(tx)
        self.jobs = SqlJobQueue(tx)
        self.streams = SqlStreamLog(tx)
        self.events = SqlEventLog(tx)
        self.audit = SqlAuditLog(tx)
        self.tickets = SqlTicketRepository(tx)
        self.installation = SqlInstallationRepository(tx)
        self.delivery_queue = SqlDeliveryQueue(tx)
        self.job_store = SqlJobStore(tx)
        self.run_queue = SqlRunQueue(tx)
        self.relay = SqlEventRelay(tx)
        self.leases = SqlLeaseRows(tx)
        self.retention = SqlRetention(tx)
        self._records = IdempotencyRecords(tx)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._connection is not None or self._busy.locked():
            await asyncio.shield(self._close())

    async def _close(self) -> None:
        # Who was cancelled while it commits comes here before that is over; a connection does one thing at a time.
        async with self._busy:
            connection, self._connection = self._connection, None
            if connection is not None:
                await self._give_back_leases()
                await give_back(connection)

    async def _give_back_leases(self) -> None:
        try:
            await self._tx.give_back_leases()
        except Exception as error:  # noqa: BLE001 - the leases run out by themselves
            self._log.exception("leases.not_given_back", error)

    async def commit(self) -> None:
        reacted = 0
        while reacted < len(self._tx.events):
            await self._reactions.run(self._tx.events[reacted], self)
            reacted += 1
        await self._tell_of_ends()
        write_audit(self._tx, self._ids)
        write_events(self._tx, self._tx.events)
        # A commit that was sent must be waited for: given up half-way, nobody could say whether it counted.
        await self._tell(await asyncio.shield(self._write()))

    async def _write(self) -> Sequence[StreamHint]:
        async with self._busy:
            hints = None if self._tx.begun else await self._written_at_once()
            if hints is None:
                await self._tx.settle()
                hints = await write_updates(self._tx)
                with store_errors():
                    await self._tx.connection.commit()
            self._tx.leased.clear()
        await self._close()
        return hints

    async def _written_at_once(self) -> Sequence[StreamHint] | None:
        tx = self._tx
        with store_errors():
            if tx.deferred is not None:
                if tx.waiting or tx.updates:
                    return None
                await tx.deferred.at_once()
                return []
            return await tx.dialect.write_at_once(tx.connection, list(tx.waiting.values()), tx.updates, trace_of(tx))

    async def _tell_of_ends(self) -> None:
        """An event for each delivery that ended, where somebody wants it."""
        deferred = self._tx.deferred.events if self._tx.deferred else ()
        if (self._tx.ends or deferred) and not self._interest.fresh:
            self._interest.learn(await subscribed(self._tx))
        if any(map(self._interest.wants, deferred)):
            await self._tx.settle()
        ends = self._tx.ends
        self._tx.events += [end.event(self._ids.new()) for end in ends if self._interest.wants(end.event_type)]

    async def _tell(self, hints: Sequence[StreamHint]) -> None:
        count_ends(self._metrics, self._tx.ends)
        for job in self._tx.jobs:
            self._log.info(JOB_QUEUED, job_id=str(job.id), job=job.name, queue=job.queue, attempt=0)
        if hints:
            await self._hints.publish(hints)
            tell_published(self._log, hints)
        if self._tx.queues:
            await self._wake_ups.send(self._tx.queues)

    async def now(self) -> datetime:
        return from_millis(await self._tx.now_ms())

    def savepoint(self) -> Savepoint:
        return SqlSavepoint(self._tx)

    async def once(self, idempotency: Idempotency, view_type: type[View]) -> View | None:
        return await self._records.once(idempotency, view_type)

    async def remember(self, idempotency: Idempotency, view: object) -> None:
        await self._records.remember(idempotency, view)


class SqlSavepoint(Savepoint):
    """A nested transaction, with what was collected since undone on failure."""

    def __init__(self, transaction: Transaction) -> None:
        self._tx = transaction

    async def __aenter__(self) -> None:
        await self._tx.settle()
        self._mark = self._tx.mark()
        with store_errors():
            self._nested = await self._tx.connection.begin_nested()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            try:
                await self._tx.settle()
            except BaseException:
                await self._undo()
                raise
            with store_errors():
                await self._nested.commit()
        else:
            await self._undo()

    async def _undo(self) -> None:
        with store_errors():
            await self._nested.rollback()
        self._tx.back_to(self._mark)
