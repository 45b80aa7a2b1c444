"""What a unit of work has open."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType

from application.ports.clock import Clock
from application.ports.job_queue import NewJob
from application.ports.unit_of_work import Savepoint
from domain.audit.entry import AuditEntry
from domain.notifications.events import DeliveryEnd
from domain.realtime.stream import StreamUpdate
from domain.shared.errors import Unavailable
from domain.shared.events import DomainEvent
from infrastructure.memory.database import MemoryDatabase

# Who waits longer than this most likely waits for a transaction that its own caller holds open.
LONGEST_WAIT = 5.0


@dataclass(frozen=True, slots=True)
class Mark:
    """A place to go back to."""

    tables: Sequence[int]
    updates: int
    events: int
    jobs: int
    queues: int
    ends: int
    audit: int


class Transaction:
    """The writer's right to the tables, and what is collected until the commit.

    `clock` is business time and the store's clock in one: a test that turns it makes leases run out.
    """

    def __init__(self, database: MemoryDatabase, clock: Clock) -> None:
        self.updates: list[StreamUpdate] = []
        self.events: list[DomainEvent] = []
        self.jobs: list[NewJob] = []
        self.queues: list[str] = []
        self.ends: list[DeliveryEnd] = []
        self.audit: list[AuditEntry] = []
        self._database = database
        self._clock = clock
        self._open = False

    @property
    def rows(self) -> MemoryDatabase:
        """The tables; raises once the transaction is over, since the next writer may be at work on them."""
        if not self._open:
            raise RuntimeError("no transaction is open here: make a unit of work for each, and enter it")
        return self._database

    def now(self) -> datetime:
        return self._clock.now()

    async def begin(self) -> None:
        """Wait for the other writers; raises `Unavailable` after five seconds."""
        try:
            async with asyncio.timeout(LONGEST_WAIT):
                await self._database.writing.acquire()
        except TimeoutError as error:
            raise Unavailable("Another transaction does not end", retry_after=LONGEST_WAIT) from error
        self._open = True

    def commit(self) -> None:
        """Make it visible and let the next writer in."""
        for table in self.rows.tables:
            table.settle()
        self._end()

    def roll_back(self) -> None:
        """Undo everything; does nothing after a commit."""
        if self._open:
            self.undo_to(Mark([0] * len(self.rows.tables), 0, 0, 0, 0, 0, 0))
            self._end()

    def mark(self) -> Mark:
        tables = [table.mark() for table in self.rows.tables]
        return Mark(
            tables,
            len(self.updates),
            len(self.events),
            len(self.jobs),
            len(self.queues),
            len(self.ends),
            len(self.audit),
        )

    def undo_to(self, mark: Mark) -> None:
        for table, place in zip(self.rows.tables, mark.tables, strict=True):
            table.undo_to(place)
        del self.updates[mark.updates :]
        del self.events[mark.events :]
        del self.jobs[mark.jobs :]
        del self.queues[mark.queues :]
        del self.ends[mark.ends :]
        del self.audit[mark.audit :]

    def _end(self) -> None:
        self._open = False
        self._database.writing.release()


class MemorySavepoint(Savepoint):
    """Goes back to where it began when it is left by an exception."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._began: Mark | None = None

    async def __aenter__(self) -> None:
        self._began = self._transaction.mark()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._began is not None, "a savepoint is entered before it is left"
        if kind is not None:
            self._transaction.undo_to(self._began)
