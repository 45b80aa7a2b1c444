"""Runs in memory, as use cases of a tenant see them."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from application.ports.run_repository import HandedOver, LookedAt, RunRepository
from domain.workflows.run import RUN_FINAL, Run, RunStatus
from infrastructure.memory.tables import Entry
from infrastructure.memory.transaction import Transaction


class MemoryRunRepository(RunRepository):
    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def add_many(self, runs: Sequence[Run]) -> set[UUID]:
        table, now = self._transaction.rows.runs, self._transaction.now()
        stored: set[UUID] = set()
        for run in runs:
            if table.one("target", (run.notification_id, run.target)) is not None:
                continue
            over = run.status in RUN_FINAL
            table.put(Entry(run, None if over else now))
            stored.add(run.id)
            if not over:
                self._transaction.queues.append(run.queue)
        return stored

    async def get_many(self, tenant_id: str, keys: Sequence[tuple[UUID, str]]) -> dict[tuple[UUID, str], Run]:
        found = ((key, self._transaction.rows.runs.one("target", key)) for key in keys)
        return {key: entry.item for key, entry in found if entry is not None and entry.item.tenant_id == tenant_id}

    async def of_notification(self, tenant_id: str, notification_id: UUID, after: UUID | None, limit: int) -> list[Run]:
        runs = [entry.item for entry in self._transaction.rows.runs.where("notification", notification_id)]
        later = [run for run in runs if run.tenant_id == tenant_id and (after is None or run.id > after)]
        return sorted(later, key=lambda run: run.id)[:limit]

    async def busy_count(self, tenant_id: str, notification_id: UUID, limit: int) -> int:
        still_open = self._transaction.rows.runs.where("open", notification_id)
        return min(sum(entry.item.tenant_id == tenant_id and entry.item.wait is None for entry in still_open), limit)

    async def cancel_pending(self, tenant_id: str, notification_id: UUID, limit: int, at: datetime) -> int:
        waiting = sorted(
            (
                entry.item
                for entry in self._transaction.rows.runs.where("open", notification_id)
                if entry.item.tenant_id == tenant_id and entry.item.status is RunStatus.PENDING
            ),
            key=lambda run: run.id,
        )[:limit]
        for run in waiting:
            self._transaction.rows.runs.put(Entry(run.ended(RunStatus.CANCELLED, at, "cancelled")))
        return len(waiting)

    async def handed_over(self, tenant_id: str, delivery_ids: Collection[UUID]) -> dict[UUID, HandedOver]:
        entries = [self._transaction.rows.deliveries.get(each) for each in delivery_ids]
        return {
            entry.item.id: HandedOver(status=entry.item.status.value, reason=entry.item.reason)
            for entry in entries
            if entry is not None and entry.item.tenant_id == tenant_id
        }

    async def looked_at(self, tenant_id: str, item_ids: Collection[UUID]) -> dict[UUID, LookedAt]:
        items = [self._transaction.rows.inbox.get(each) for each in item_ids]
        return {
            item.id: LookedAt(seen=item.seen_at is not None, read=item.read_at is not None)
            for item in items
            if item is not None and item.tenant_id == tenant_id
        }
