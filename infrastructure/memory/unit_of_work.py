"""One transaction in memory."""

from datetime import datetime
from types import TracebackType
from typing import Self, TypeVar

from application.metrics.ended_deliveries import count_ends
from application.ports.clock import Clock
from application.ports.ids import Ids
from application.ports.log import Log
from application.ports.metrics import Metrics
from application.ports.stream_hints import StreamHints
from application.ports.trace_context import TraceContext
from application.ports.unit_of_work import SystemUnitOfWork
from application.ports.wake_ups import WakeUps
from application.realtime.published import tell_published
from application.relay.event_interest import EventInterest
from application.shared.idempotency import Idempotency
from application.shared.log_events import JOB_QUEUED
from application.shared.reaction import Reactions
from infrastructure.memory.audit import MemoryAuditLog, store_audit
from infrastructure.memory.database import MemoryDatabase
from infrastructure.memory.deliveries import MemoryDeliveryRepository
from infrastructure.memory.delivery_queue import MemoryDeliveryQueue
from infrastructure.memory.events import MemoryEventLog, MemoryEventRelay, store_events, subscribed
from infrastructure.memory.idempotency import MemoryAnswers
from infrastructure.memory.inbox import MemoryInboxRepository
from infrastructure.memory.installation import MemoryInstallationRepository
from infrastructure.memory.job_store import MemoryJobStore
from infrastructure.memory.jobs import MemoryJobQueue
from infrastructure.memory.lease_rows import MemoryLeaseRows
from infrastructure.memory.notifications import MemoryNotificationRepository
from infrastructure.memory.preferences import MemoryPreferenceRepository
from infrastructure.memory.retention import MemoryRetention
from infrastructure.memory.run_queue import MemoryRunQueue
from infrastructure.memory.runs import MemoryRunRepository
from infrastructure.memory.step_windows import MemoryStepWindowRepository
from infrastructure.memory.streams import MemoryStreamLog, place_updates
from infrastructure.memory.subscribers import MemorySubscriberRepository
from infrastructure.memory.tickets import MemoryTicketRepository
from infrastructure.memory.topics import MemoryTopicRepository
from infrastructure.memory.transaction import MemorySavepoint, Transaction
from infrastructure.memory.workflows import MemoryWorkflowRepository

View = TypeVar("View")


class MemoryUnitOfWork(SystemUnitOfWork):
    """Keeps the promises of a database, save that nothing outlives the process.

    What is not committed is seen by nobody and gone at the end. `clock` is the store's clock, too: turn it, and
    delays, leases and tickets run out.
    """

    def __init__(  # noqa: PLR0913 - one for each port
        self,
        *,
        database: MemoryDatabase,
        clock: Clock,
        hints: StreamHints,
        wake_ups: WakeUps,
        reactions: Reactions,
        interest: EventInterest,
        ids: Ids,
        trace: TraceContext,
        log: Log,
        metrics: Metrics,
    ) -> None:
        self._hints = hints
        self._wake_ups = wake_ups
        self._reactions = reactions
        self._interest = interest
        self._ids = ids
        self._trace = trace
        self._log = log
        self._metrics = metrics
        self._transaction = transaction = Transaction(database, clock)
        self._answers = MemoryAnswers(transaction)
        self.notifications = MemoryNotificationRepository(transaction)
        self.deliveries = MemoryDeliveryRepository(transaction)
        self.subscribers = MemorySubscriberRepository(transaction)
        self.topics = MemoryTopicRepository(transaction)
        self.preferences = MemoryPreferenceRepository(transaction)
        self.workflows = MemoryWorkflowRepository(transaction)
        self.runs = MemoryRunRepository(transaction)
        self.step_windows = MemoryStepWindowRepository(transaction)
        self.inbox = MemoryInboxRepository(transaction)
        self.jobs = MemoryJobQueue(transaction, trace)
        self.streams = MemoryStreamLog(transaction)
        self.events = MemoryEventLog(transaction)
        self.audit = MemoryAuditLog(transaction)
        self.tickets = MemoryTicketRepository(transaction)
        self.installation = MemoryInstallationRepository(transaction)
        self.delivery_queue = MemoryDeliveryQueue(transaction)
        self.job_store = MemoryJobStore(transaction)
        self.run_queue = MemoryRunQueue(transaction)
        self.relay = MemoryEventRelay(transaction)
        self.leases = MemoryLeaseRows(transaction)
        self.retention = MemoryRetention(transaction)

    async def __aenter__(self) -> Self:
        await self._transaction.begin()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._transaction.roll_back()

    async def commit(self) -> None:
        await self._react()
        self._tell_of_ends()
        hints = place_updates(self._transaction, self._trace.current().trace_id)
        trace = self._trace.carried()
        store_audit(self._transaction, self._ids, trace)
        store_events(self._transaction, trace)
        queues = dict.fromkeys(self._transaction.queues)
        self._transaction.commit()
        count_ends(self._metrics, self._transaction.ends)
        for job in self._transaction.jobs:
            self._log.info(JOB_QUEUED, job_id=str(job.id), job=job.name, queue=job.queue, attempt=0)
        if hints:
            await self._hints.publish(hints)
            tell_published(self._log, hints)
        if queues:
            await self._wake_ups.send(list(queues))

    async def _react(self) -> None:
        """A reaction may append more events: those get their reactions, too."""
        done = 0
        while done < len(self._transaction.events):
            await self._reactions.run(self._transaction.events[done], self)
            done += 1

    def _tell_of_ends(self) -> None:
        """An event for each delivery that ended, where somebody wants it."""
        ends = self._transaction.ends
        if ends and not self._interest.fresh:
            self._interest.learn(subscribed(self._transaction))
        self._transaction.events += [end.event(self._ids.new()) for end in ends if self._interest.wants(end.event_type)]

    async def now(self) -> datetime:
        return self._transaction.now()

    def savepoint(self) -> MemorySavepoint:
        return MemorySavepoint(self._transaction)

    async def once(self, idempotency: Idempotency, view_type: type[View]) -> View | None:
        return self._answers.find(idempotency, view_type)

    async def remember(self, idempotency: Idempotency, view: object) -> None:
        self._answers.keep(idempotency, view)
