"""Stopping what is not sent yet."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from application.notifications.expand_notification import finish_expansion
from application.notifications.jobs import cancel_job
from application.notifications.views import AcceptedView, accepted_view
from application.ports.clock import Clock
from application.ports.ids import Ids
from application.ports.unit_of_work import UnitOfWork
from application.shared.audited import audited
from application.shared.run_once import UnitOfWorkFactory
from domain.audit.entry import AuditAction
from domain.identity.principal import Principal
from domain.notifications.errors import NotificationNotFound
from domain.notifications.events import NotificationCancelled
from domain.notifications.notification import Notification
from domain.notifications.notification_status import UNFINISHED, Counts, Ending

PAGE = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelNotification:
    """Cancel what is not sent yet.

    - Deliveries and runs that wait become `cancelled`; one that a provider is being asked for is not called back.
    - A scheduled notification is never written out.
    - Cancelling twice, or what is finished, changes nothing.
    """

    unit_of_work: UnitOfWorkFactory
    clock: Clock
    ids: Ids

    async def __call__(self, principal: Principal, notification_id: UUID) -> AcceptedView:
        async with self.unit_of_work() as uow:
            now = self.clock.now()
            notification = await uow.notifications.get(principal.tenant_id, notification_id)
            if notification is None:
                raise NotificationNotFound
            if notification.status not in UNFINISHED:
                return accepted_view(notification)
            if await uow.notifications.request_cancel(principal.tenant_id, notification_id, now):
                notification = replace(notification, cancel_requested_at=now)
                if not await cancel_page(uow, notification, now):
                    await uow.jobs.enqueue(cancel_job(notification, self.ids.new()))
                uow.events.append(self._cancelled(notification, now))
                uow.audit.append(audited(principal, AuditAction.NOTIFICATION_CANCEL, notification_id, now))
                await uow.commit()
            return accepted_view(notification)

    def _cancelled(self, notification: Notification, now: datetime) -> NotificationCancelled:
        return NotificationCancelled(
            id=self.ids.new(),
            tenant_id=notification.tenant_id,
            aggregate_id=f"notification:{notification.id}",
            occurred_at=now,
        )


async def cancel_page(uow: UnitOfWork, notification: Notification, now: datetime) -> bool:
    """Cancel one page of what waits, and the expansion with it; True when nothing is left to cancel."""
    if not notification.expanded:
        await finish_expansion(uow, replace(notification, ending=Ending.CANCELLED))
    cancelled = await uow.deliveries.cancel_pending(notification.tenant_id, notification.id, now, PAGE)
    if notification.workflow is not None and cancelled < PAGE:
        left = PAGE - cancelled
        cancelled += await uow.runs.cancel_pending(notification.tenant_id, notification.id, left, now)
    if cancelled:
        await uow.notifications.add_tally(
            notification.tenant_id, notification.id, Counts(pending=-cancelled, cancelled=cancelled)
        )
    return cancelled < PAGE
