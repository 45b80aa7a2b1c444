"""The stores that every suite of a database port runs on, and how a suite talks to them.

A further store is a file `<name>_store.py` beside this one with a class `<Name>Store` that inherits `Store`, and its
name in `NAMES`. Nothing else: the suites take it up by themselves.
"""

import importlib
import importlib.util
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from typing import Protocol

import pytest

from application.audit.ports import AuditReader
from application.identity.ports import CredentialReader
from application.inbox.ports import InboxReader
from application.metrics.ports import BacklogReader
from application.notifications.ports import NotificationReader
from application.ports.stream_hints import HintListener, StreamHint, StreamHints
from application.ports.stream_reader import StreamReader
from application.ports.trace_context import TraceContext
from application.ports.unit_of_work import SystemUnitOfWork
from application.ports.wake_ups import WakeUps
from application.ports.workflow_versions import WorkflowVersions
from application.preferences.ports import StoredPreferencesReader
from application.relay.event_interest import EventInterest
from application.shared.reaction import Reaction, Reactions
from application.subscribers.ports import SubscriberReader
from application.topics.ports import TopicReader
from application.workflows.ports import WorkflowReader
from domain.audit.chain import SealedEntry
from infrastructure.memory.audit import MemoryAuditReader
from infrastructure.memory.backlog import MemoryBacklogReader
from infrastructure.memory.database import MemoryDatabase
from infrastructure.memory.fixed_clock import FixedClock
from infrastructure.memory.inbox import MemoryInboxReader
from infrastructure.memory.installation import MemoryCredentialReader
from infrastructure.memory.notification_reader import MemoryNotificationReader
from infrastructure.memory.preferences import MemoryStoredPreferencesReader
from infrastructure.memory.streams import MemoryStreamReader
from infrastructure.memory.subscribers import MemorySubscriberReader
from infrastructure.memory.topics import MemoryTopicReader
from infrastructure.memory.unit_of_work import MemoryUnitOfWork
from infrastructure.memory.workflows import MemoryWorkflowReader, MemoryWorkflowVersions
from infrastructure.observability.contextvars_trace import ContextvarsTraceContext
from infrastructure.observability.memory_log import MemoryLog
from infrastructure.observability.memory_metrics import MemoryMetrics
from infrastructure.system.ids import UuidV7Ids

NAMES = ("memory", "postgres", "sqlite")
MARKS = {"postgres": pytest.mark.service}


# What whoever has the rows makes of the sealed entries.
Forgery = Callable[[list[SealedEntry]], list[SealedEntry]]


class RecordingHints(StreamHints):
    """Keeps what was published, and runs `on_publish` in the publisher's turn."""

    def __init__(self) -> None:
        self.published: list[StreamHint] = []
        self.on_publish: Callable[[], Awaitable[None]] | None = None

    async def publish(self, hints: Sequence[StreamHint]) -> None:
        self.published += hints
        if self.on_publish is not None:
            await self.on_publish()

    def listen(self, listener: HintListener) -> None:
        raise NotImplementedError("a suite of a store has no other process to tell")


class RecordingWakeUps(WakeUps):
    """Keeps the queues of each call, and runs `on_send` in the sender's turn."""

    def __init__(self) -> None:
        self.sent: list[Collection[str]] = []
        self.on_send: Callable[[], Awaitable[None]] | None = None

    async def send(self, queues: Collection[str]) -> None:
        self.sent.append(sorted(queues))
        if self.on_send is not None:
            await self.on_send()


class Store(Protocol):
    """One fresh, empty database, and all that a suite does with it.

    - `now` is the store's clock, in whole milliseconds: what is compared with it may be finer nowhere.
    - `after` returns when so many seconds have passed by that clock. Where the clock can be turned it is turned, else
      this sleeps: so suites wait for hundredths of a second, and use a minute or more where nothing may run out.
    - `age_answers` makes remembered answers look that much older: nobody can wait for 24 hours.
    - `hints`, `wake_ups`, `trace`, `log`, `metrics` and `interest` are handed to every unit of work.
    - `forge_audit` replaces the sealed entries of the audit trail past the product, as whoever can write rows could.
    - `examples` is how many runs of a state machine this store is fast enough for.
    """

    examples: int
    hints: RecordingHints
    wake_ups: RecordingWakeUps
    trace: TraceContext
    log: MemoryLog
    metrics: MemoryMetrics
    interest: EventInterest
    notifications: NotificationReader
    inbox: InboxReader
    subscribers: SubscriberReader
    topics: TopicReader
    preferences: StoredPreferencesReader
    workflows: WorkflowReader
    workflow_versions: WorkflowVersions
    credentials: CredentialReader
    streams: StreamReader
    audit: AuditReader
    backlog: BacklogReader

    @classmethod
    def open(cls) -> AbstractAsyncContextManager["Store"]:
        """Make the database; it is gone at the end of the block."""
        ...

    def unit_of_work(self, *reactions: Reaction) -> SystemUnitOfWork: ...

    def now(self) -> datetime: ...

    async def after(self, seconds: float) -> None: ...

    async def age_answers(self, seconds: float) -> None: ...

    async def forge_audit(self, forge: Forgery) -> None: ...


class MemoryStore(Store):
    """In memory, where the store's clock is the clock of the test."""

    examples = 60

    def __init__(self) -> None:
        self._database = database = MemoryDatabase()
        self._clock = FixedClock(datetime(2026, 3, 1, 12, tzinfo=UTC))
        self.hints = RecordingHints()
        self.wake_ups = RecordingWakeUps()
        self.trace = ContextvarsTraceContext(UuidV7Ids())
        self.log = MemoryLog()
        self.metrics = MemoryMetrics()
        self.interest = EventInterest()
        self.notifications = MemoryNotificationReader(database=database, clock=self._clock)
        self.inbox = MemoryInboxReader(database=database)
        self.subscribers = MemorySubscriberReader(database=database)
        self.topics = MemoryTopicReader(database=database)
        self.preferences = MemoryStoredPreferencesReader(database=database)
        self.workflows = MemoryWorkflowReader(database=database)
        self.workflow_versions = MemoryWorkflowVersions(database=database)
        self.credentials = MemoryCredentialReader(database=database)
        self.streams = MemoryStreamReader(database=database)
        self.audit = MemoryAuditReader(database=database)
        self.backlog = MemoryBacklogReader(database=database, clock=self._clock)

    @classmethod
    @asynccontextmanager
    async def open(cls) -> AsyncIterator[Store]:
        yield cls()

    def unit_of_work(self, *reactions: Reaction) -> SystemUnitOfWork:
        return MemoryUnitOfWork(
            database=self._database,
            clock=self._clock,
            hints=self.hints,
            wake_ups=self.wake_ups,
            reactions=Reactions.of(reactions),
            interest=self.interest,
            ids=UuidV7Ids(),
            trace=self.trace,
            log=self.log,
            metrics=self.metrics,
        )

    def now(self) -> datetime:
        return self._clock.now()

    async def after(self, seconds: float) -> None:
        self._clock.advance(seconds)

    async def age_answers(self, seconds: float) -> None:
        self._clock.advance(seconds)

    async def forge_audit(self, forge: Forgery) -> None:
        table = self._database.audit
        before = sorted(table.all(), key=lambda one: one.position)
        for one in before:
            table.remove((one.recorded.entry.tenant_id, one.position))
        for one in forge(before):
            table.put(one)
        table.settle()


def stores() -> dict[str, type[Store]]:
    """Every store that there is, by name."""
    found: dict[str, type[Store]] = {"memory": MemoryStore}
    for name in NAMES:
        module = f"tests.contracts.{name}_store"
        if name not in found and importlib.util.find_spec(module) is not None:
            found[name] = getattr(importlib.import_module(module), f"{name.title()}Store")
    return found
