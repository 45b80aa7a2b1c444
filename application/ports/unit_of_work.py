"""One transaction."""

# One adapter: the stores implement `SystemUnitOfWork`, which is this one and more.

from datetime import datetime
from types import TracebackType
from typing import Protocol, Self, TypeVar

from application.ports.audit_log import AuditLog
from application.ports.delivery_queue import DeliveryQueue
from application.ports.delivery_repository import DeliveryRepository
from application.ports.event_log import EventLog
from application.ports.event_relay import EventRelay
from application.ports.inbox_repository import InboxRepository
from application.ports.installation_repository import InstallationRepository
from application.ports.job_queue import JobQueue
from application.ports.job_store import JobStore
from application.ports.lease_rows import LeaseRows
from application.ports.notification_repository import NotificationRepository
from application.ports.preference_repository import PreferenceRepository
from application.ports.retention import Retention
from application.ports.run_queue import RunQueue
from application.ports.run_repository import RunRepository
from application.ports.step_window_repository import StepWindowRepository
from application.ports.stream_log import StreamLog
from application.ports.subscriber_repository import SubscriberRepository
from application.ports.ticket_repository import TicketRepository
from application.ports.topic_repository import TopicRepository
from application.ports.workflow_repository import WorkflowRepository
from application.shared.idempotency import Idempotency

View = TypeVar("View")


class Savepoint(Protocol):
    """A part of a transaction that can fail on its own: leaving it by an exception undoes just that part."""

    async def __aenter__(self) -> None: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class UnitOfWork(Protocol):
    """Rolls back unless `commit` was called.

    `commit` runs the transactional reactions to the appended events, writes audit entries, events and stream updates
    as its last statements, and afterwards sends stream hints and one wake-up per queue that got due work, to the relay
    too when there is something for it: best effort, at most 100 ms. Make one for each transaction; entering blocks
    while the store's writers are busy, and raises `Unavailable` when it cannot be reached in time.

    Deliveries that got a final status in it bring a `delivery.*` event of their own while somebody subscribes to its
    type: no use case appends those, and no reaction runs to them.
    """

    notifications: NotificationRepository
    deliveries: DeliveryRepository
    subscribers: SubscriberRepository
    topics: TopicRepository
    preferences: PreferenceRepository
    workflows: WorkflowRepository
    runs: RunRepository
    step_windows: StepWindowRepository
    inbox: InboxRepository
    jobs: JobQueue
    streams: StreamLog
    events: EventLog
    audit: AuditLog
    tickets: TicketRepository
    installation: InstallationRepository

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    async def commit(self) -> None:
        """Make it so, durably."""
        ...

    async def now(self) -> datetime:
        """The store's own clock, by which it is decided what is due and what has expired."""
        ...

    def savepoint(self) -> Savepoint:
        """A part that can fail on its own, its stream updates, events and wake-ups included."""
        ...

    async def once(self, idempotency: Idempotency, view_type: type[View]) -> View | None:
        """What the key was answered with before, or None: then the key is ours and `remember` must follow.

        A concurrent holder of the key is waited for, at most 5 s. Raises `IdempotencyKeyReused` for another
        fingerprint, `IdempotencyInProgress` when the wait was in vain. Keys are kept for 24 h.
        """
        ...

    async def remember(self, idempotency: Idempotency, view: object) -> None:
        """Keep `view` (a dataclass of JSON-able fields) as the answer to the key, from this commit on."""
        ...


class SystemUnitOfWork(UnitOfWork, Protocol):
    """A worker's unit of work: the ports in it see all tenants and therefore take a `SystemScope`."""

    delivery_queue: DeliveryQueue
    job_store: JobStore
    run_queue: RunQueue
    relay: EventRelay
    leases: LeaseRows
    retention: Retention
