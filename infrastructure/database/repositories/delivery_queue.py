"""The delivery rows as a queue."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import insert

from application.ports.delivery_queue import ClaimedDelivery, DeliveryQueue, DeliveryResult
from application.shared.system_scope import SystemScope
from domain.notifications.attempt import Attempt
from domain.notifications.channel import Channel
from domain.notifications.delivery import Priority
from domain.notifications.delivery_status import DeliveryStatus
from domain.notifications.events import DeliveryEnd
from domain.notifications.notification_status import Counts
from infrastructure.database.mappers.notifications import attempt_values, delivery_from, tally_values, unleased_values
from infrastructure.database.repositories.leased_rows import PRIORITIES, LeasedRows, Line
from infrastructure.database.tables import AttemptRow, DeliveryRow, NotificationTallyRow, table_of
from infrastructure.database.transaction import Transaction, Values
from infrastructure.database.types import from_millis, to_millis

_TABLE = table_of(DeliveryRow)
_CHANNELS = [channel.value for channel in Channel]


class SqlDeliveryQueue(DeliveryQueue):
    """See the port."""

    def __init__(self, transaction: Transaction) -> None:
        self._tx = transaction
        self._rows = LeasedRows(
            transaction, _TABLE, pending=DeliveryStatus.PENDING.value, leased=DeliveryStatus.SENDING.value
        )

    async def due_lines(self, scope: SystemScope, queues: Sequence[str], channel: Channel) -> set[tuple[str, Priority]]:
        lines = [(queue, priority) for queue in queues for priority in Priority]
        found = await self._rows.with_work([_line(queue, channel, priority) for queue, priority in lines])
        return {line for line, work in zip(lines, found, strict=True) if work}

    async def claim(
        self, scope: SystemScope, *, queue: str, channel: Channel, priority: Priority, limit: int, lease_seconds: float
    ) -> list[ClaimedDelivery]:
        rows = await self._rows.claimable(_line(queue, channel, priority), limit)
        return await self._lease(scope, rows, lease_seconds)

    async def suspects_waiting(self, scope: SystemScope, queues: Sequence[str]) -> bool:
        return await self._rows.suspects_waiting(queues, channel=_CHANNELS)

    async def claim_suspects(
        self, scope: SystemScope, *, queues: Sequence[str], limit: int, lease_seconds: float
    ) -> list[ClaimedDelivery]:
        rows = await self._rows.suspects(queues, limit, channel=_CHANNELS)
        return await self._lease(scope, rows, lease_seconds, suspects=True)

    async def _lease(
        self, scope: SystemScope, rows: Sequence[Values], lease_seconds: float, *, suspects: bool = False
    ) -> list[ClaimedDelivery]:
        changes = await self._rows.lease(rows, scope.owner, lease_seconds, _leased_at, suspects=suspects)
        # A suspect is handed over with the beginning of the lease that was lost: the `abandoned` attempt starts there.
        kept = {"leased_at"} if suspects else set()
        return [
            _claimed(row, {name: value for name, value in change.items() if name not in kept})
            for row, change in zip(rows, changes, strict=True)
        ]

    async def renew(self, scope: SystemScope, leases: Sequence[tuple[UUID, int]], lease_seconds: float) -> set[UUID]:
        return await self._rows.renew(leases, lease_seconds)

    async def record(self, scope: SystemScope, results: Sequence[DeliveryResult]) -> set[UUID]:
        if not results:
            return set()
        leases = [(result.delivery_id, result.token) for result in results]
        rows = await self._rows.held(leases)
        kept = [result for result in results if result.delivery_id in rows]
        if kept:
            await self._write(kept, rows)
        return {result.delivery_id for result in results} - set(rows)

    async def _write(self, results: Sequence[DeliveryResult], rows: Mapping[UUID, Values]) -> None:
        changes = [_result_values(result, rows[result.delivery_id]) for result in results]
        await self._rows.change(changes)
        await self._append([attempt for result in results for attempt in result.attempts])
        self._tx.ends += [_end(result, rows[result.delivery_id]) for result in results if result.delay is None]
        tallies = _tallies(results)
        if tallies:
            await self._tx.execute(insert(NotificationTallyRow), tallies)

    async def append_attempts(self, scope: SystemScope, attempts: Sequence[Attempt]) -> None:
        await self._append(attempts)

    async def _append(self, attempts: Sequence[Attempt]) -> None:
        if attempts:
            await self._tx.execute(insert(AttemptRow), [attempt_values(attempt) for attempt in attempts])

    async def release(self, scope: SystemScope, leases: Sequence[tuple[UUID, int]]) -> None:
        rows = await self._rows.held(leases)
        if rows:
            waiting = [delivery_from(row).released(from_millis(int(row["store_now"]))) for row in rows.values()]
            await self._rows.change([{"row_id": delivery.id, **unleased_values(delivery)} for delivery in waiting])
            self._tx.queues.update(delivery.queue for delivery in waiting)

    async def oldest_due_age(self, scope: SystemScope, queue: str, channel: Channel) -> float:
        due = self._rows.due({"queue": queue, "channel": channel.value}).where(_TABLE.c.priority.in_(PRIORITIES))
        row = await self._tx.row(due.order_by(_TABLE.c.next_at).limit(1))
        return (row["store_now"] - row["next_at"]) / 1000 if row else 0.0


def _line(queue: str, channel: Channel, priority: Priority) -> Line:
    return {"queue": queue, "channel": channel.value, "priority": int(priority)}


def _leased_at(row: Values) -> Values:
    return {"leased_at": from_millis(row["store_now"])}


def _claimed(row: Values, change: Values) -> ClaimedDelivery:
    expires_at = row["expires_at"]
    expired = expires_at is not None and to_millis(expires_at) <= row["store_now"]
    return ClaimedDelivery(delivery=delivery_from({**row, **change}), expired=expired)


def _result_values(result: DeliveryResult, row: Values) -> Values:
    delivery = delivery_from(row).recorded(result, from_millis(int(row["store_now"])))
    return {"row_id": delivery.id, **unleased_values(delivery)}


def _end(result: DeliveryResult, row: Values) -> DeliveryEnd:
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
