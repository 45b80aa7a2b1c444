"""Notifications in SQL."""

from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, insert, select, update

from application.ports.notification_repository import NotificationRepository, TransactionTaken
from domain.notifications.notification import Notification
from domain.notifications.notification_status import Counts
from infrastructure.database.mappers.notifications import (
    expansion_values,
    notification_from,
    notification_values,
    tally_values,
)
from infrastructure.database.query import Query
from infrastructure.database.tables import NotificationRow, NotificationTagRow, NotificationTallyRow, table_of
from infrastructure.database.transaction import Transaction

_TABLE = table_of(NotificationRow)
_TAGS = table_of(NotificationTagRow)
_OF_TRANSACTION = Query(
    select(_TABLE).where(
        _TABLE.c.tenant_id == bindparam("tenant_id"), _TABLE.c.transaction_id == bindparam("transaction_id")
    )
)
_BY_IDS = Query(
    select(_TABLE).where(
        _TABLE.c.id.in_(bindparam("ids", expanding=True)), _TABLE.c.tenant_id == bindparam("tenant_id")
    )
)


class SqlNotificationRepository(NotificationRepository):
    """See the port."""

    def __init__(self, transaction: Transaction) -> None:
        self._tx = transaction

    async def add(self, notification: Notification) -> None:
        self._tx.add(_TABLE, [notification_values(notification)], taken=TransactionTaken)
        self._tx.add(
            _TAGS,
            [
                {"tenant_id": notification.tenant_id, "tag": tag, "notification_id": notification.id}
                for tag in dict.fromkeys(notification.tags)
            ],
        )

    async def get(self, tenant_id: str, notification_id: UUID) -> Notification | None:
        return (await self.get_many(tenant_id, [notification_id])).get(notification_id)

    async def by_transaction(self, tenant_id: str, transaction_id: str) -> Notification | None:
        rows = await self._tx.ask(_OF_TRANSACTION, tenant_id=tenant_id, transaction_id=transaction_id)
        return notification_from(rows[0]) if rows else None

    async def get_many(self, tenant_id: str, notification_ids: Collection[UUID]) -> Mapping[UUID, Notification]:
        rows = await self._tx.ask(_BY_IDS, tenant_id=tenant_id, ids=list(notification_ids))
        return {row["id"]: notification_from(row) for row in rows}

    async def save_expansion(self, notification: Notification) -> None:
        await self._tx.execute(
            update(_TABLE)
            .where(_TABLE.c.id == notification.id, _TABLE.c.tenant_id == notification.tenant_id)
            .values(expansion_values(notification))
        )

    async def request_cancel(self, tenant_id: str, notification_id: UUID, at: datetime) -> bool:
        changed = await self._tx.changed(
            update(_TABLE)
            .where(
                _TABLE.c.id == notification_id,
                _TABLE.c.tenant_id == tenant_id,
                _TABLE.c.cancel_requested_at.is_(None),
            )
            .values(cancel_requested_at=at)
        )
        return changed == 1

    async def add_tally(self, tenant_id: str, notification_id: UUID, change: Counts) -> None:
        known = select(_TABLE.c.id).where(_TABLE.c.id == notification_id, _TABLE.c.tenant_id == tenant_id)
        if await self._tx.row(known):
            await self._tx.execute(
                insert(NotificationTallyRow).values(notification_id=notification_id, **tally_values(change))
            )
