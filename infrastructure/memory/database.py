"""Everything that one process stores in memory."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from uuid import UUID

from domain.identity.api_key import ApiKey
from domain.identity.user import User
from domain.inbox.item import InboxItem
from domain.jobs.job import JOB_FINAL, Job, JobStatus
from domain.notifications.attempt import Attempt
from domain.notifications.delivery import Delivery
from domain.notifications.delivery_status import OPEN, DeliveryStatus
from domain.notifications.notification import Notification
from domain.notifications.notification_status import Counts
from domain.realtime.stream import LoggedUpdate, StreamHead
from domain.realtime.ticket import StreamTicket
from domain.subscribers.subscriber import Subscriber
from domain.tenancy.tenant import Tenant
from domain.topics.topic import Topic
from infrastructure.memory.preference_tables import PreferenceTables
from infrastructure.memory.relay_tables import RelayTables
from infrastructure.memory.run_tables import RunTables
from infrastructure.memory.step_window_tables import StepWindowTables
from infrastructure.memory.tables import Entry, Table
from infrastructure.memory.workflow_tables import WorkflowTables


@dataclass(frozen=True, slots=True, kw_only=True)
class TallyRow:
    """A change of a notification's counts that is not folded in yet."""

    number: int
    notification_id: UUID
    change: Counts


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamRow:
    """A stream and whose it is."""

    tenant_id: str
    head: StreamHead


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateRow:
    """A logged update and when it was committed."""

    stream_id: UUID
    update: LoggedUpdate
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseRow:
    """Who holds a named lease, with which token and until when."""

    name: str
    owner: str
    token: int
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketRow:
    """A ticket and until when it can be redeemed."""

    ticket: StreamTicket
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class IdempotencyRow:
    """What a key was answered with; `view` is JSON."""

    key: tuple[str, str, str]
    fingerprint: str
    view: bytes
    at: datetime


def _claimable(entry: Entry[Delivery]) -> tuple[str, str, int] | None:
    delivery = entry.item
    if delivery.status is not DeliveryStatus.PENDING:
        return None
    return delivery.queue, delivery.channel, delivery.priority


def _claimable_job(entry: Entry[Job]) -> tuple[str, int] | None:
    return (entry.item.queue, entry.item.priority) if entry.item.status is JobStatus.PENDING else None


def _dedupe_key(entry: Entry[Job]) -> tuple[str, str] | None:
    job = entry.item
    return (job.tenant_id, job.dedupe_key) if job.dedupe_key is not None and job.status not in JOB_FINAL else None


def _delivery_key(entry: Entry[Delivery]) -> tuple[UUID, str, str, str, int]:
    one = entry.item
    return one.notification_id, one.target, one.step, one.channel, one.generation


def _pending(entry: Entry[Delivery]) -> bool:
    return entry.item.status is DeliveryStatus.PENDING


class MemoryDatabase(RelayTables, PreferenceTables, WorkflowTables, RunTables, StepWindowTables):
    """The state behind every in-memory repository and reader; make one per process or per test.

    One transaction writes at a time; readers see what is committed and wait for nobody. Everything runs on one event
    loop. Nothing outlives the process.
    """

    def __init__(self) -> None:
        RelayTables.__init__(self)
        PreferenceTables.__init__(self)
        WorkflowTables.__init__(self)
        RunTables.__init__(self)
        StepWindowTables.__init__(self)
        self.writing = asyncio.Lock()
        # Numbers and fencing tokens only ever grow: like a database's sequences they are not taken back.
        self.numbers = count(1)
        self.tenants = Table[str, Tenant](lambda row: row.id)
        self.users = Table[UUID, User](lambda row: row.id, email=lambda row: (row.tenant_id, row.email))
        self.api_keys = Table[str, ApiKey](lambda row: row.digest)
        self.subscribers = Table[UUID, Subscriber](
            lambda row: row.id,
            name=lambda row: (row.tenant_id, row.subscriber_id),
            tenant=lambda row: row.tenant_id,
        )
        self.topics = Table[UUID, Topic](lambda row: row.id, name=lambda row: (row.tenant_id, row.key))
        self.memberships = Table[tuple[UUID, UUID], tuple[UUID, UUID]](
            lambda row: row, topic=lambda row: row[0], subscriber=lambda row: row[1]
        )
        self.notifications = Table[UUID, Notification](
            lambda row: row.id,
            transaction=lambda row: (row.tenant_id, row.transaction_id),
            tenant=lambda row: row.tenant_id,
        )
        self.tallies = Table[int, TallyRow](lambda row: row.number, notification=lambda row: row.notification_id)
        self.deliveries = Table[UUID, Entry[Delivery]](
            lambda row: row.item.id,
            repeat=_delivery_key,
            claimable=_claimable,
            leased=lambda row: row.item.queue if row.item.status is DeliveryStatus.SENDING else None,
            waiting_for=lambda row: (row.item.tenant_id, row.item.target) if _pending(row) else None,
            open=lambda row: row.item.notification_id if row.item.status in OPEN else None,
            notification=lambda row: row.item.notification_id,
        )
        self.attempts = Table[UUID, Attempt](lambda row: row.id, delivery=lambda row: row.delivery_id)
        self.inbox = Table[UUID, InboxItem](lambda row: row.id, recipient=lambda row: row.recipient_id)
        self.jobs = Table[UUID, Entry[Job]](
            lambda row: row.item.id,
            claimable=_claimable_job,
            leased=lambda row: row.item.queue if row.item.status is JobStatus.RUNNING else None,
            dedupe=_dedupe_key,
        )
        self.streams = Table[UUID, StreamRow](lambda row: row.head.stream_id)
        self.updates = Table[tuple[UUID, int], UpdateRow](lambda row: (row.stream_id, row.update.seq))
        self.leases = Table[str, LeaseRow](lambda row: row.name)
        self.tickets = Table[str, TicketRow](lambda row: row.ticket.digest)
        self.answers = Table[tuple[str, str, str], IdempotencyRow](lambda row: row.key)
        self.tables = tuple(table for table in vars(self).values() if isinstance(table, Table))
