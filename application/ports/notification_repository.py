"""Stored notifications."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Protocol
from uuid import UUID

from domain.notifications.notification import Notification
from domain.notifications.notification_status import Counts


class TransactionTaken(Exception):
    """Another notification of the tenant has this transaction id"""


class NotificationRepository(Protocol):
    """Notifications of one tenant at a time, within the caller's transaction."""

    async def add(self, notification: Notification) -> None:
        """Store a new notification.

        Raises `TransactionTaken` when its tenant has used the transaction id before: at once, or when the savepoint or
        the transaction ends, of which then nothing is stored.
        """
        ...

    async def get(self, tenant_id: str, notification_id: UUID) -> Notification | None:
        """One notification with the counts folded so far."""
        ...

    async def by_transaction(self, tenant_id: str, transaction_id: str) -> Notification | None:
        """The notification that the transaction id was first used for."""
        ...

    async def get_many(self, tenant_id: str, notification_ids: Collection[UUID]) -> Mapping[UUID, Notification]:
        """Those that exist, by id."""
        ...

    async def save_expansion(self, notification: Notification) -> None:
        """Write how far it is expanded: recipients, expanded, cursor, unknown_topics, ending, status, finished_at.
        Nothing else.
        """
        ...

    async def request_cancel(self, tenant_id: str, notification_id: UUID, at: datetime) -> bool:
        """Note the first request to cancel; False when there was one before or the notification is unknown."""
        ...

    async def add_tally(self, tenant_id: str, notification_id: UUID, change: Counts) -> None:
        """Append a change of its counts, to be folded in later: a counter on the row would be a hot row."""
        ...
