"""Notifications in memory."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from application.ports.notification_repository import NotificationRepository, TransactionTaken
from domain.notifications.notification import Notification
from domain.notifications.notification_status import Counts
from infrastructure.memory.database import TallyRow
from infrastructure.memory.transaction import Transaction
from infrastructure.memory.wire import carried


class MemoryNotificationRepository(NotificationRepository):
    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def add(self, notification: Notification) -> None:
        table = self._transaction.rows.notifications
        if table.one("transaction", (notification.tenant_id, notification.transaction_id)) is not None:
            raise TransactionTaken
        content = replace(notification.content, data=carried(notification.content.data))
        payload, overrides = carried(notification.payload), carried(notification.overrides)
        table.put(replace(notification, content=content, payload=payload, overrides=overrides))

    async def get(self, tenant_id: str, notification_id: UUID) -> Notification | None:
        found = self._transaction.rows.notifications.get(notification_id)
        return found if found is not None and found.tenant_id == tenant_id else None

    async def by_transaction(self, tenant_id: str, transaction_id: str) -> Notification | None:
        return self._transaction.rows.notifications.one("transaction", (tenant_id, transaction_id))

    async def get_many(self, tenant_id: str, notification_ids: Collection[UUID]) -> Mapping[UUID, Notification]:
        found = [await self.get(tenant_id, notification_id) for notification_id in notification_ids]
        return {one.id: one for one in found if one is not None}

    async def save_expansion(self, notification: Notification) -> None:
        stored = await self.get(notification.tenant_id, notification.id)
        if stored is not None:
            self._transaction.rows.notifications.put(
                replace(
                    stored,
                    recipients=notification.recipients,
                    expanded=notification.expanded,
                    cursor=notification.cursor,
                    unknown_topics=notification.unknown_topics,
                    ending=notification.ending,
                    status=notification.status,
                    finished_at=notification.finished_at,
                )
            )

    async def request_cancel(self, tenant_id: str, notification_id: UUID, at: datetime) -> bool:
        stored = await self.get(tenant_id, notification_id)
        if stored is None or stored.cancel_requested_at is not None:
            return False
        self._transaction.rows.notifications.put(replace(stored, cancel_requested_at=at))
        return True

    async def add_tally(self, tenant_id: str, notification_id: UUID, change: Counts) -> None:
        if await self.get(tenant_id, notification_id) is not None:
            rows = self._transaction.rows
            rows.tallies.put(TallyRow(number=next(rows.numbers), notification_id=notification_id, change=change))
