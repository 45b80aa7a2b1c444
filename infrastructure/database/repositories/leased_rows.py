"""What the queues have in common: leases in the columns `next_at`, `lease_owner`, `lease_token`."""

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Table, bindparam, exists, select, update

from domain.notifications.delivery import Priority
from domain.shared.lease import Suspicion, after_crash, together
from infrastructure.database.dialect import StoreDialect
from infrastructure.database.failures import store_errors
from infrastructure.database.lease_statements import Claim, Line, QueueTable
from infrastructure.database.query import Query
from infrastructure.database.transaction import Transaction, Values

# What else a claim changes of a row.
Also = Callable[[Values], Values]
PRIORITIES = [int(priority) for priority in Priority]


class LeasedRows:
    """The rows of one queue table.

    Reads, then updates by id: on SQLite nothing can come between, and it is MariaDB's only way. Where a database does
    both in one statement, that is what is done unless there is a transaction already.
    """

    def __init__(self, transaction: Transaction, queue: QueueTable) -> None:
        self._tx = transaction
        self._queue = queue
        self._table = queue.table
        self._now = transaction.dialect.now_ms
        self._pending = queue.pending
        self._leased = queue.leased

    def claim_of(self, line: Line, limit: int, owner: str, seconds: float, overdue: float = 0.0) -> Claim:
        """What `claimed` is asked for; both times in seconds."""
        return Claim(
            queue=self._queue, line=line, limit=limit, owner=owner, seconds=seconds, overdue=int(overdue * 1000)
        )

    async def with_work(self, lines: Sequence[Line], overdue: float = 0.0) -> list[bool]:
        """Which of the lines have a row that has been due for so many seconds, by one seek each in one statement."""
        named = tuple(tuple(line.items()) for line in lines)
        look = _look(self._table, type(self._tx.dialect), self._pending, named, int(overdue * 1000))
        (found,) = await self._tx.ask(look)
        return list(found.values())

    def due(self, line: Line, overdue: int = 0) -> Select[Any]:
        """The rows of a line that have been due for so many milliseconds, each with `store_now`."""
        due = _due(self._table, self._now - overdue, self._pending, line.items())
        return select(self._table, self._now.label("store_now")).where(*due)

    async def claimed(self, claim: Claim, also: Also) -> list[Values]:
        """The oldest rows of a line that nobody else is claiming, as they are once they are leased."""
        leases = self._tx.leases
        if leases is not None:
            return await self._tx.claim(leases, claim)
        rows = await self._tx.rows(self._oldest(self.due(claim.line, claim.overdue), claim.limit))
        changes = await self.lease(rows, claim.owner, claim.seconds, also, suspects=False)
        return [{**row, **change} for row, change in zip(rows, changes, strict=True)]

    async def suspects_waiting(self, queues: Sequence[str], **among: Sequence[str]) -> bool:
        """Whether a lease ran out."""
        named = tuple((name, tuple(values)) for name, values in among.items())
        query = _any_expired(self._queue, type(self._tx.dialect), tuple(queues), named)
        return bool(await self._tx.ask(query))

    async def suspects(self, queues: Sequence[str], limit: int, **among: Sequence[str]) -> list[Values]:
        """As many of the least suspected rows as may run together, those whose lease ran out first."""
        expired = self._expired(queues, among)
        for suspicion in Suspicion:
            least = expired.where(self._table.c.suspicion == int(suspicion))
            if group := await self._tx.rows(self._oldest(least, together(suspicion, limit))):
                return group
        return []

    def _expired(self, queues: Sequence[str], among: dict[str, Sequence[str]]) -> Select[Any]:
        rows = select(self._table, self._now.label("store_now"))
        return rows.where(*_expired(self._queue, self._now, queues, among.items()))

    def _oldest(self, query: Select[Any], limit: int) -> Select[Any]:
        columns = self._table.c
        return query.order_by(columns.next_at, columns.id).limit(limit).with_for_update(skip_locked=True)

    async def lease(
        self,
        rows: Sequence[Values],
        owner: str,
        seconds: float,
        also: Also,
        *,
        suspects: bool,
    ) -> list[Values]:
        """Give rows to `owner`; what was changed of each, with what it is `also` to have.

        The token grows with each lease, and so fences the one before.
        """
        changes = []
        for row in rows:
            suspicion, crashes = Suspicion(row["suspicion"]), row["crashes"]
            if suspects:
                suspicion, crashes = after_crash(suspicion, crashes)
            changes.append(
                {
                    "row_id": row["id"],
                    "status": self._leased,
                    "next_at": row["store_now"] + int(seconds * 1000),
                    "lease_owner": owner,
                    "lease_token": row["lease_token"] + 1,
                    "suspicion": int(suspicion),
                    "crashes": crashes,
                    **also(row),
                }
            )
        await self.change(changes)
        return changes

    async def held(self, leases: Sequence[tuple[UUID, int]]) -> dict[UUID, Values]:
        """Those rows that are still leased under the token given, by id."""
        tokens, columns = dict(leases), self._table.c
        rows = await self._tx.rows(
            select(self._table, self._now.label("store_now"))
            .where(columns.id.in_(tokens), columns.status == self._leased)
            .order_by(columns.id)
            .with_for_update()
        )
        return {row["id"]: row for row in rows if row["lease_token"] == tokens[row["id"]]}

    async def renew(self, leases: Sequence[tuple[UUID, int]], seconds: float) -> set[UUID]:
        """Prolong those that are still held; returns their ids. It may count before the commit."""
        statements = self._tx.leases
        if statements is not None:
            with store_errors():
                return await statements.renew(self._tx.connection, self._queue, leases, seconds)
        rows = await self.held(leases)
        if rows:
            until = int(next(iter(rows.values()))["store_now"]) + int(seconds * 1000)
            await self._tx.execute(update(self._table).where(self._table.c.id.in_(rows)).values(next_at=until))
        return set(rows)

    async def change(self, changes: Sequence[Values]) -> None:
        """Write the same columns of each row, which `row_id` names."""
        if changes:
            names = [name for name in changes[0] if name != "row_id"]
            await self._tx.execute(
                update(self._table)
                .where(self._table.c.id == bindparam("row_id"))
                .values({name: bindparam(name) for name in names}),
                changes,
            )


# Asked before every claim, and a worker has few sets of lines: to build it anew was half of what a worker did.
@lru_cache(maxsize=256)
def _look(
    table: Table,
    dialect: type[StoreDialect],
    pending: str,
    lines: tuple[tuple[tuple[str, str | int], ...], ...],
    overdue: int,
) -> Query:
    now = dialect().now_ms - overdue
    rows = (select(table.c.id).where(*_due(table, now, pending, line)) for line in lines)
    return Query(select(*(exists(row).label(f"line_{place}") for place, row in enumerate(rows))))


def _due(
    table: Table, until: ColumnElement[int], pending: str, line: Iterable[tuple[str, str | int]]
) -> list[ColumnElement[bool]]:
    fixed: list[ColumnElement[bool]] = [table.c[name] == value for name, value in line]
    return [*fixed, table.c.status == pending, table.c.next_at <= until]


# Asked several times in a second by an idle worker.
@lru_cache(maxsize=64)
def _any_expired(
    queue: QueueTable,
    dialect: type[StoreDialect],
    queues: tuple[str, ...],
    among: tuple[tuple[str, tuple[str, ...]], ...],
) -> Query:
    return Query(select(queue.table.c.id).where(*_expired(queue, dialect().now_ms, queues, among)).limit(1))


def _expired(
    queue: QueueTable, now: ColumnElement[int], queues: Sequence[str], among: Iterable[tuple[str, Sequence[str]]]
) -> list[ColumnElement[bool]]:
    """By the claim's index: each of its leading columns has few values, and they are named."""
    columns = queue.table.c
    return [
        columns.queue.in_(queues),
        *(columns[name].in_(values) for name, values in among),
        columns.priority.in_(PRIORITIES),
        columns.status == queue.leased,
        columns.next_at <= now,
    ]
