"""Events in memory."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from heapq import nsmallest
from uuid import UUID

from application.ports.event_log import EventLog
from application.ports.event_relay import RELAY_QUEUE, EventRelay, SealedEvent
from application.shared.system_scope import SystemScope
from domain.notifications.notification_status import Counts
from domain.shared.events import DomainEvent
from infrastructure.memory.audit import seal_audit
from infrastructure.memory.relay_tables import UnsealedEvent
from infrastructure.memory.tallies import total
from infrastructure.memory.transaction import Transaction
from infrastructure.memory.wire import carried

LAST_POSITION = "last"


class MemoryEventLog(EventLog):
    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def append(self, event: DomainEvent) -> None:
        self._transaction.events.append(event)


class MemoryEventRelay(EventRelay):
    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def seal(self, scope: SystemScope, limit: int) -> int:
        rows = self._transaction.rows
        oldest = nsmallest(limit, rows.unsealed.all(), key=lambda row: row.number)
        _, last = rows.positions.get(LAST_POSITION) or (LAST_POSITION, 0)
        for position, row in enumerate(oldest, last + 1):
            rows.unsealed.remove(row.number)
            rows.events.put(_sealed(row, position))
        rows.positions.put((LAST_POSITION, last + len(oldest)))
        return len(oldest)

    async def seal_audit(self, scope: SystemScope, limit: int) -> int:
        return seal_audit(self._transaction, limit)

    async def read_after(self, scope: SystemScope, position: int, limit: int) -> list[SealedEvent]:
        found = (event for event in self._transaction.rows.events.all() if event.position > position)
        return nsmallest(limit, found, key=lambda event: event.position)

    async def cursor(self, scope: SystemScope, consumer: str) -> int:
        row = self._transaction.rows.cursors.get(consumer)
        return row[1] if row is not None else 0

    async def advance(self, scope: SystemScope, consumer: str, position: int) -> None:
        self._transaction.rows.cursors.put((consumer, position))

    async def announce(self, scope: SystemScope, wanted: Mapping[str, Collection[str]]) -> None:
        table = self._transaction.rows.subscriptions
        for row in table.all():
            if row[0] in wanted and row[1] not in wanted[row[0]]:
                table.remove(row)
        for consumer, patterns in wanted.items():
            for pattern in patterns:
                table.put((consumer, pattern))

    async def wanted(self, scope: SystemScope) -> set[str]:
        return subscribed(self._transaction)

    async def take_tallies(self, scope: SystemScope, limit: int) -> Mapping[UUID, Counts]:
        rows = self._transaction.rows
        taken: dict[UUID, list[Counts]] = defaultdict(list)
        for tally in nsmallest(limit, rows.tallies.all(), key=lambda row: row.number):
            rows.tallies.remove(tally.number)
            taken[tally.notification_id].append(tally.change)
        return {notification_id: total(changes) for notification_id, changes in taken.items()}

    async def fold(self, scope: SystemScope, changes: Mapping[UUID, Counts], now: datetime) -> None:
        table = self._transaction.rows.notifications
        for notification_id, change in changes.items():
            stored = table.get(notification_id)
            if stored is not None:
                table.put(replace(stored, counts=total([stored.counts, change])).derived(now))


def subscribed(transaction: Transaction) -> set[str]:
    """What anybody wants."""
    return {pattern for _, pattern in transaction.rows.subscriptions.all()}


def store_events(transaction: Transaction, trace: str) -> None:
    """Keep the collected events, unsealed, and have the relay woken."""
    rows = transaction.rows
    if transaction.events:
        transaction.queues.append(RELAY_QUEUE)
    for event in transaction.events:
        rows.unsealed.put(UnsealedEvent(number=next(rows.numbers), event=event, trace=trace))


def _sealed(row: UnsealedEvent, position: int) -> SealedEvent:
    event = row.event
    return SealedEvent(
        position=position,
        id=event.id,
        tenant_id=event.tenant_id,
        type=event.type,
        schema_version=event.schema_version,
        aggregate_id=event.aggregate_id,
        occurred_at=event.occurred_at,
        data=carried(event.payload()),
        trace=row.trace,
    )
