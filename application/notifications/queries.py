"""Asking for notifications."""

from dataclasses import dataclass
from uuid import UUID

from application.notifications.ports import DeliveryFilter, NotificationFilter, NotificationReader
from application.notifications.views import DeliveryView, NotificationView, notification_view
from application.ports.cursor_signer import CursorSigner
from application.shared.keyset import Keyset
from application.shared.pages import Page
from domain.identity.principal import Principal
from domain.notifications.errors import NotificationNotFound

LIST = "notifications"


@dataclass(frozen=True, slots=True, kw_only=True)
class GetNotification:
    """One notification with its deliveries counted by status, by its id or by its transaction id."""

    notifications: NotificationReader

    async def __call__(
        self, principal: Principal, *, notification_id: UUID | None = None, transaction_id: str | None = None
    ) -> NotificationView:
        found = None
        if notification_id is not None:
            found = await self.notifications.get(principal.tenant_id, notification_id)
        elif transaction_id is not None:
            found = await self.notifications.by_transaction(principal.tenant_id, transaction_id)
        if found is None:
            raise NotificationNotFound
        return notification_view(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListNotifications:
    """The tenant's notifications, newest first."""

    notifications: NotificationReader
    cursors: CursorSigner

    async def __call__(
        self, principal: Principal, wanted: NotificationFilter, *, cursor: str | None, limit: int
    ) -> Page[NotificationView]:
        keyset = Keyset(cursors=self.cursors, tenant_id=principal.tenant_id, list_name=LIST)
        found = await self.notifications.page(
            principal.tenant_id, wanted, before=keyset.before(cursor), limit=limit + 1
        )
        return keyset.page(found, limit, id_of=lambda one: one.id, view=notification_view)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListDeliveries:
    """A notification's deliveries, newest first, each with its attempts."""

    notifications: NotificationReader
    cursors: CursorSigner

    async def __call__(
        self, principal: Principal, notification_id: UUID, wanted: DeliveryFilter, *, cursor: str | None, limit: int
    ) -> Page[DeliveryView]:
        if await self.notifications.get(principal.tenant_id, notification_id) is None:
            raise NotificationNotFound
        name = f"{LIST}/{notification_id}/deliveries"
        keyset = Keyset(cursors=self.cursors, tenant_id=principal.tenant_id, list_name=name)
        found = await self.notifications.deliveries(
            principal.tenant_id, notification_id, wanted, before=keyset.before(cursor), limit=limit + 1
        )
        return keyset.page(found, limit, id_of=lambda one: one.id, view=lambda one: one)
