"""The open transaction that the repositories of one unit of work share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Executable, Result, Table, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from application.ports.job_queue import NewJob
from domain.audit.entry import AuditEntry
from domain.notifications.events import DeliveryEnd
from domain.realtime.stream import StreamUpdate
from domain.shared.events import DomainEvent
from infrastructure.database.deferred import Deferred, Leased
from infrastructure.database.dialect import StoreDialect
from infrastructure.database.failures import store_errors
from infrastructure.database.lease_statements import Claim, LeaseStatements
from infrastructure.database.new_rows import NewRows, from_now, store_time
from infrastructure.database.query import Query

# Any: column values by name.
Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Mark:
    """How much a transaction had collected when a savepoint began."""

    updates: int
    events: int
    jobs: int
    queues: frozenset[str]
    ends: int
    audit: int


@dataclass(slots=True)
class Transaction:
    """A connection within a transaction, and what is written or sent with its commit.

    Rows to `add` wait until something else is executed, or for the commit, which may write all of them at once; and so
    does what is `deferred`.
    """

    connection: AsyncConnection
    dialect: StoreDialect
    trace: str | None = None
    begun: bool = False
    waiting: dict[Table, NewRows] = field(default_factory=dict)
    deferred: Deferred | None = None
    leased: list[Leased] = field(default_factory=list)
    updates: list[StreamUpdate] = field(default_factory=list)
    events: list[DomainEvent] = field(default_factory=list)
    jobs: list[NewJob] = field(default_factory=list)
    queues: set[str] = field(default_factory=set)
    ends: list[DeliveryEnd] = field(default_factory=list)
    audit: list[AuditEntry] = field(default_factory=list)

    # Any: SQLAlchemy's rows and parameters are of whatever types the statement has.
    async def execute(self, statement: Executable, rows: Sequence[Mapping[str, Any]] | None = None) -> Result[Any]:
        """Run a statement, once per row where rows are given."""
        await self.settle()
        return await self._run(statement, rows)

    # Any: as above.
    async def _run(self, statement: Executable, rows: Sequence[Mapping[str, Any]] | None = None) -> Result[Any]:
        with store_errors():
            return await self.connection.execute(statement, rows)

    def add(self, table: Table, rows: Sequence[Values], *, taken: type[Exception] | None = None) -> None:
        """Insert rows that collide with nothing, or else `taken` is raised: when they are written."""
        if rows:
            self.waiting.setdefault(table, NewRows(table=table, taken=taken)).rows.extend(rows)

    async def settle(self) -> None:
        """Write what waits, table by table. From the first statement on there is a transaction."""
        self.begun = True
        if self.deferred is not None:
            deferred, self.deferred = self.deferred, None
            await deferred.write()
        while self.waiting:
            new = self.waiting.pop(next(iter(self.waiting)))
            rows = await self.timed(new.rows)
            if new.taken is None:
                await self._run(insert(new.table), rows)
            elif len(await self.insert_new(new.table, rows, "id")) < len(rows):
                raise new.taken

    async def timed(self, rows: Sequence[Values]) -> Sequence[Values]:
        """The rows, with the store's time where they are due from now."""
        if not any(from_now(row) for row in rows):
            return rows
        now = await self.now_ms()
        return [store_time(row, now) for row in rows]

    async def ask(self, query: Query, **values: object) -> list[Values]:
        """All rows of a query that is prepared once; it needs no transaction while nothing else was executed."""
        if self._untouched(query):
            with store_errors():
                found = await self.dialect.ask(self.connection, query, values)
            if found is not None:
                return found
        await self.settle()
        with store_errors():
            return [dict(row) for row in (await self.connection.execute(query.statement, values)).mappings()]

    def _untouched(self, query: Query) -> bool:
        """Whether nothing was executed, and nothing waits that the query could see."""
        if self.begun or (self.deferred is not None and not query.tables.isdisjoint(self.deferred.tables)):
            return False
        return query.tables.isdisjoint(self.waiting)

    @property
    def leases(self) -> LeaseStatements | None:
        """Leases by single statements, while nothing else was executed or waits."""
        return None if self.begun or self.waiting or self.deferred else self.dialect.leases

    async def claim(self, leases: LeaseStatements, claim: Claim) -> list[Values]:
        """Lease rows at once; they are given back when the rest is not committed."""
        with store_errors():
            rows = await leases.claim(self.connection, claim)
        self.leased.append(Leased(claim.queue, rows))
        return rows

    async def give_back_leases(self) -> None:
        """Undo what was leased at once by a transaction that failed."""
        leases = self.dialect.leases
        if leases is not None and any(one.rows for one in self.leased):
            await self.connection.rollback()
            for one in self.leased:
                await leases.give_back(self.connection, one.queue, one.rows)

    async def rows(self, statement: Executable) -> list[Values]:
        """All rows of a query."""
        return [dict(row) for row in (await self.execute(statement)).mappings()]

    async def row(self, statement: Executable) -> Values | None:
        """The first row of a query."""
        row = (await self.execute(statement)).mappings().first()
        return dict(row) if row is not None else None

    async def changed(self, statement: Executable) -> int:
        """Run an UPDATE or DELETE; returns how many rows it met."""
        return (await self.execute(statement)).rowcount  # type: ignore[attr-defined, no-any-return]

    async def insert_new(self, table: Table, rows: Sequence[Mapping[str, Any]], returning: str) -> set[Any]:
        """Insert the rows that collide with nothing; returns column `returning` of those."""
        if not rows:
            return set()
        await self.settle()
        with store_errors():
            return await self.dialect.insert_new(self.connection, table, rows, returning)

    async def upsert(self, table: Table, row: Mapping[str, Any], keys: Sequence[str]) -> None:
        """Insert a whole row, or replace the one with the same `keys`, the primary key."""
        await self.settle()
        with store_errors():
            await self.dialect.upsert(self.connection, table, row, keys)

    async def hold_name(self, name: str) -> None:
        """Wait until nobody else holds the name, and hold it until the end of the transaction."""
        await self.settle()
        with store_errors():
            await self.dialect.hold_name(self.connection, name)

    async def now_ms(self) -> int:
        """The store's clock, in Unix milliseconds."""
        return int((await self.execute(select(self.dialect.now_ms))).scalar_one())

    def mark(self) -> Mark:
        """Where to go back to."""
        return Mark(
            updates=len(self.updates),
            events=len(self.events),
            jobs=len(self.jobs),
            queues=frozenset(self.queues),
            ends=len(self.ends),
            audit=len(self.audit),
        )

    def back_to(self, mark: Mark) -> None:
        """Forget what was collected since; what waits came since: a savepoint begins with nothing waiting."""
        del self.updates[mark.updates :]
        del self.events[mark.events :]
        del self.jobs[mark.jobs :]
        self.queues = set(mark.queues)
        del self.ends[mark.ends :]
        del self.audit[mark.audit :]
        self.waiting.clear()
