"""The deliveries in memory as a queue."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from application.ports.delivery_queue import ClaimedDelivery, DeliveryQueue, DeliveryResult
from application.shared.system_scope import SystemScope
from domain.notifications.attempt import Attempt
from domain.notifications.channel import Channel
from domain.notifications.delivery import Delivery, Priority
from domain.notifications.delivery_status import DeliveryStatus, DeliveryTrigger, after
from domain.notifications.events import DeliveryEnd
from domain.notifications.notification_status import Counts
from domain.shared.lease import Lease, after_crash
from infrastructure.memory.database import TallyRow
from infrastructure.memory.leasing import due, held, suspects
from infrastructure.memory.tables import Entry
from infrastructure.memory.tallies import total
from infrastructure.memory.transaction import Transaction


class MemoryDeliveryQueue(DeliveryQueue):
    """Tallies tell of ends only: until then a delivery counts as `pending`, be it leased or not."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def due_lines(
        self, scope: SystemScope, queues: Sequence[str], channel: Channel, overdue: float = 0.0
    ) -> set[tuple[str, Priority]]:
        until, rows = self._transaction.now() - timedelta(seconds=overdue), self._transaction.rows.deliveries
        return {
            (queue, priority)
            for queue in queues
            for priority in Priority
            if due(rows.where("claimable", (queue, channel, priority)), until, 1)
        }

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
        until = self._transaction.now() - timedelta(seconds=overdue)
        waiting = self._transaction.rows.deliveries.where("claimable", (queue, channel, priority))
        return [
            self._lease(
                scope, replace(entry.item, status=after(entry.item.status, DeliveryTrigger.CLAIM)), lease_seconds
            )
            for entry in due(waiting, until, limit)
        ]

    async def suspects_waiting(self, scope: SystemScope, queues: Sequence[str]) -> bool:
        return bool(suspects(self._leased(queues), self._transaction.now(), 1))

    async def claim_suspects(
        self, scope: SystemScope, *, queues: Sequence[str], limit: int, lease_seconds: float
    ) -> list[ClaimedDelivery]:
        taken: list[ClaimedDelivery] = []
        for entry in suspects(self._leased(queues), self._transaction.now(), limit):
            suspicion, crashes = after_crash(entry.item.suspicion, entry.item.crashes)
            suspect = replace(entry.item, suspicion=suspicion, crashes=crashes)
            taken.append(self._lease(scope, suspect, lease_seconds, leased_at=suspect.leased_at))
        return taken

    async def renew(self, scope: SystemScope, leases: Sequence[tuple[UUID, int]], lease_seconds: float) -> set[UUID]:
        deadline = self._transaction.now() + timedelta(seconds=lease_seconds)
        ours = [entry for delivery_id, token in leases if (entry := self._held(delivery_id, token))]
        for entry in ours:
            self._transaction.rows.deliveries.put(replace(entry, next_at=deadline))
        return {entry.item.id for entry in ours}

    async def record(self, scope: SystemScope, results: Sequence[DeliveryResult]) -> set[UUID]:
        rows, lost = self._transaction.rows, set[UUID]()
        ended: dict[UUID, list[Counts]] = defaultdict(list)
        for result in results:
            entry = self._held(result.delivery_id, result.token)
            if entry is None:
                lost.add(result.delivery_id)
                continue
            recorded = entry.item.recorded(result, self._transaction.now())
            rows.deliveries.put(Entry(recorded, recorded.next_attempt_at))
            await self.append_attempts(scope, result.attempts)
            if result.status is not DeliveryStatus.PENDING:
                ended[entry.item.notification_id].append(Counts(pending=-1).plus(result.status))
                self._transaction.ends.append(DeliveryEnd.of(recorded))
        for notification_id, changes in ended.items():
            rows.tallies.put(
                TallyRow(number=next(rows.numbers), notification_id=notification_id, change=total(changes))
            )
        return lost

    async def append_attempts(self, scope: SystemScope, attempts: Sequence[Attempt]) -> None:
        for attempt in attempts:
            self._transaction.rows.attempts.put(attempt)

    async def release(self, scope: SystemScope, leases: Sequence[tuple[UUID, int]]) -> None:
        for delivery_id, token in leases:
            if entry := self._held(delivery_id, token):
                waiting = entry.item.released(self._transaction.now())
                self._transaction.rows.deliveries.put(Entry(waiting, waiting.next_attempt_at))
                self._transaction.queues.append(waiting.queue)

    async def oldest_due_age(self, scope: SystemScope, queue: str, channel: Channel) -> float:
        table, now = self._transaction.rows.deliveries, self._transaction.now()
        waiting = (entry for level in Priority for entry in table.where("claimable", (queue, channel, level)))
        return max((now - min((entry.at for entry in waiting), default=now)).total_seconds(), 0.0)

    def _leased(self, queues: Sequence[str]) -> list[Entry[Delivery]]:
        table = self._transaction.rows.deliveries
        return [entry for queue in queues for entry in table.where("leased", queue)]

    def _held(self, delivery_id: UUID, token: int) -> Entry[Delivery] | None:
        return held(self._transaction.rows.deliveries.get(delivery_id), token)

    def _lease(
        self, scope: SystemScope, delivery: Delivery, seconds: float, leased_at: datetime | None = None
    ) -> ClaimedDelivery:
        rows, now = self._transaction.rows, self._transaction.now()
        lease = Lease(owner=scope.owner, token=next(rows.numbers))
        leased = replace(delivery, lease=lease, leased_at=now, next_attempt_at=None)
        rows.deliveries.put(Entry(leased, now + timedelta(seconds=seconds)))
        expired = delivery.expires_at is not None and delivery.expires_at <= now
        return ClaimedDelivery(delivery=replace(leased, leased_at=leased_at or now), expired=expired)
