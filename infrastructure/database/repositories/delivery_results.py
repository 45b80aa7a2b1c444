"""The results of leased deliveries."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import insert

from application.ports.delivery_queue import DeliveryResult
from domain.notifications.attempt import Attempt
from domain.notifications.delivery_status import DeliveryStatus
from domain.notifications.events import DELIVERY_EVENTS, DeliveryEnd
from domain.notifications.notification_status import Counts
from infrastructure.database.deferred import Deferred
from infrastructure.database.lease_statements import LeaseStatements
from infrastructure.database.mappers.notifications import attempt_values, delivery_from, tally_values, unleased_values
from infrastructure.database.repositories.leased_rows import LeasedRows
from infrastructure.database.tables import AttemptRow, DeliveryRow, NotificationTallyRow, table_of
from infrastructure.database.transaction import Transaction, Values
from infrastructure.database.types import from_millis

_TABLES: Final = frozenset({table_of(DeliveryRow), table_of(AttemptRow), table_of(NotificationTallyRow)})


class DeliveryResults:
    """Writes results: with the commit, in one statement, or statement by statement where something else is written."""

    def __init__(self, transaction: Transaction, rows: LeasedRows) -> None:
        self._tx = transaction
        self._rows = rows

    async def record(self, results: Sequence[DeliveryResult]) -> set[UUID]:
        """The ids whose lease was lost; they may become known with the commit."""
        lost: set[UUID] = set()
        if not results:
            return lost
        leases = self._tx.leases
        if leases is None:
            await self._write(results, lost)
        else:
            self._tx.deferred = self._deferred(leases, results, lost)
        return lost

    def _deferred(self, leases: LeaseStatements, results: Sequence[DeliveryResult], lost: set[UUID]) -> Deferred:
        ended = {result.status for result in results if result.delay is None}
        return Deferred(
            tables=_TABLES,
            events=frozenset(DELIVERY_EVENTS[status].type for status in ended if status in DELIVERY_EVENTS),
            at_once=lambda: self._write_at_once(leases, results, lost),
            write=lambda: self._write(results, lost),
        )

    async def _write_at_once(self, leases: LeaseStatements, results: Sequence[DeliveryResult], lost: set[UUID]) -> None:
        self._note(results, await leases.record(self._tx.connection, results), lost)

    async def _write(self, results: Sequence[DeliveryResult], lost: set[UUID]) -> None:
        rows = await self._rows.held([(result.delivery_id, result.token) for result in results])
        kept = [result for result in results if result.delivery_id in rows]
        await self._rows.change([_result_values(result, rows[result.delivery_id]) for result in kept])
        await self.append([attempt for result in kept for attempt in result.attempts])
        if tallies := _tallies(kept):
            await self._tx.execute(insert(NotificationTallyRow), tallies)
        self._note(results, rows, lost)

    # Any: column values by name.
    def _note(self, results: Sequence[DeliveryResult], rows: Mapping[UUID, Mapping[str, Any]], lost: set[UUID]) -> None:
        lost.update(result.delivery_id for result in results if result.delivery_id not in rows)
        self._tx.ends += [
            _end(result, rows[result.delivery_id])
            for result in results
            if result.delay is None and result.delivery_id in rows
        ]

    async def append(self, attempts: Sequence[Attempt]) -> None:
        """Attempts that no result carries, too."""
        if attempts:
            await self._tx.execute(insert(AttemptRow), [attempt_values(attempt) for attempt in attempts])


def _result_values(result: DeliveryResult, row: Values) -> Values:
    delivery = delivery_from(row).recorded(result, from_millis(int(row["store_now"])))
    return {"row_id": delivery.id, **unleased_values(delivery)}


def _end(result: DeliveryResult, row: Mapping[str, Any]) -> DeliveryEnd:
    return DeliveryEnd(
        delivery_id=result.delivery_id,
        tenant_id=row["tenant_id"],
        notification_id=result.notification_id,
        subscriber_id=row["target"],
        channel=row["channel"],
        status=result.status,
        reason=result.reason,
        at=result.finished_at or from_millis(int(row["store_now"])),
    )


def _tallies(results: Sequence[DeliveryResult]) -> list[Values]:
    """One row per notification: what left `pending` for a final status."""
    changes: dict[UUID, Counts] = {}
    for result in results:
        if result.delay is None:
            change = changes.get(result.notification_id, Counts())
            changes[result.notification_id] = change.plus(DeliveryStatus.PENDING, -1).plus(result.status)
    return [{"notification_id": notification_id, **tally_values(change)} for notification_id, change in changes.items()]
