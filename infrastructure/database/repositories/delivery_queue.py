"""The delivery rows as a queue."""

from collections.abc import Sequence
from uuid import UUID

from application.ports.delivery_queue import ClaimedDelivery, DeliveryQueue, DeliveryResult
from application.shared.system_scope import SystemScope
from domain.notifications.attempt import Attempt
from domain.notifications.channel import Channel
from domain.notifications.delivery import Priority
from domain.notifications.delivery_status import DeliveryStatus
from infrastructure.database.lease_statements import Line, QueueTable
from infrastructure.database.mappers.notifications import delivery_from, unleased_values
from infrastructure.database.repositories.delivery_results import DeliveryResults
from infrastructure.database.repositories.leased_rows import PRIORITIES, LeasedRows
from infrastructure.database.tables import DeliveryRow, table_of
from infrastructure.database.transaction import Transaction, Values
from infrastructure.database.types import from_millis, to_millis

_TABLE = table_of(DeliveryRow)
_QUEUE = QueueTable(_TABLE, pending=DeliveryStatus.PENDING.value, leased=DeliveryStatus.SENDING.value)
_CHANNELS = [channel.value for channel in Channel]


class SqlDeliveryQueue(DeliveryQueue):
    """See the port."""

    def __init__(self, transaction: Transaction) -> None:
        self._tx = transaction
        self._rows = LeasedRows(transaction, _QUEUE)
        self._results = DeliveryResults(transaction, self._rows)

    async def due_lines(
        self, scope: SystemScope, queues: Sequence[str], channel: Channel, overdue: float = 0.0
    ) -> set[tuple[str, Priority]]:
        lines = [(queue, priority) for queue in queues for priority in Priority]
        found = await self._rows.with_work([_line(queue, channel, priority) for queue, priority in lines], overdue)
        return {line for line, work in zip(lines, found, strict=True) if work}

    async def claim(
        self,
        scope: SystemScope,
        *,
        queue: str,
        channel: Channel,
        priority: Priority,
        limit: int,
        lease_seconds: float,
        overdue: float = 0.0,
    ) -> list[ClaimedDelivery]:
        claim = self._rows.claim_of(_line(queue, channel, priority), limit, scope.owner, lease_seconds, overdue)
        return list(map(_claimed, await self._rows.claimed(claim, _leased_at)))

    async def suspects_waiting(self, scope: SystemScope, queues: Sequence[str]) -> bool:
        return await self._rows.suspects_waiting(queues, channel=_CHANNELS)

    async def claim_suspects(
        self, scope: SystemScope, *, queues: Sequence[str], limit: int, lease_seconds: float
    ) -> list[ClaimedDelivery]:
        rows = await self._rows.suspects(queues, limit, channel=_CHANNELS)
        changes = await self._rows.lease(rows, scope.owner, lease_seconds, _leased_at, suspects=True)
        # A suspect is handed over with the beginning of the lease that was lost: the `abandoned` attempt starts there.
        return [
            _claimed({**row, **change, "leased_at": row["leased_at"]})
            for row, change in zip(rows, changes, strict=True)
        ]

    async def renew(self, scope: SystemScope, leases: Sequence[tuple[UUID, int]], lease_seconds: float) -> set[UUID]:
        return await self._rows.renew(leases, lease_seconds)

    async def record(self, scope: SystemScope, results: Sequence[DeliveryResult]) -> set[UUID]:
        return await self._results.record(results)

    async def append_attempts(self, scope: SystemScope, attempts: Sequence[Attempt]) -> None:
        await self._results.append(attempts)

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


def _claimed(row: Values) -> ClaimedDelivery:
    expires_at = row["expires_at"]
    expired = expires_at is not None and to_millis(expires_at) <= row["store_now"]
    return ClaimedDelivery(delivery=delivery_from(row), expired=expired)
