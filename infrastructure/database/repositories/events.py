"""Events in SQL."""

from collections.abc import Sequence

from application.ports.event_log import EventLog
from application.ports.event_relay import RELAY_QUEUE
from domain.shared.events import DomainEvent
from infrastructure.database.event_tables import EventRow
from infrastructure.database.tables import table_of
from infrastructure.database.transaction import Transaction

_TABLE = table_of(EventRow)


class SqlEventLog(EventLog):
    """Collects; `write_events` stores them unsealed when the transaction is about to commit."""

    def __init__(self, transaction: Transaction) -> None:
        self._tx = transaction

    def append(self, event: DomainEvent) -> None:
        self._tx.events.append(event)


def write_events(tx: Transaction, events: Sequence[DomainEvent]) -> None:
    """Store events without a position; the relay, which is woken, gives it: no transaction waits for another's."""
    if events:
        tx.queues.add(RELAY_QUEUE)
        tx.add(
            _TABLE,
            [
                {
                    "id": event.id,
                    "position": None,
                    "tenant_id": event.tenant_id,
                    "type": event.type,
                    "schema_version": event.schema_version,
                    "aggregate_id": event.aggregate_id,
                    "occurred_at": event.occurred_at,
                    "data": event.payload(),
                    "trace": tx.trace,
                }
                for event in events
            ],
        )
