"""Writing recipients out: their deliveries, or the runs of a workflow."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from application.notifications.recipients import RecipientWriter, rows_per_recipient
from application.ports.unit_of_work import UnitOfWork
from application.workflows.start_runs import ROWS_PER_RUN, RunStarter
from domain.notifications.delivery import Priority
from domain.notifications.notification import Notification
from domain.notifications.notification_status import Counts
from domain.subscribers.subscriber import Subscriber


@dataclass(frozen=True, slots=True, kw_only=True)
class AudienceWriter:
    """Deliveries of inline content, and one run of a workflow for each recipient."""

    recipients: RecipientWriter
    runs: RunStarter

    async def write(
        self,
        uow: UnitOfWork,
        notification: Notification,
        subscribers: Sequence[Subscriber],
        priority: Priority,
        now: datetime,
        *,
        fresh: bool = False,
    ) -> Counts:
        """Write one page, which written twice is written once; the counts of what was new."""
        if notification.workflow is not None:
            return await self.runs.start(uow, notification, subscribers, priority, now)
        return await self.recipients.write(uow, notification, subscribers, priority, now, fresh=fresh)

    async def unsent(self, uow: UnitOfWork, notification: Notification, limit: int) -> int:
        """How much of it is to be done now; counts no further than `limit`.

        A run that waits for a day keeps nobody waiting.
        """
        tenant_id = notification.tenant_id
        number = await uow.deliveries.open_count(tenant_id, notification.id, limit)
        if notification.workflow is not None and number < limit:
            number += await uow.runs.busy_count(tenant_id, notification.id, limit - number)
        return number

    def rows_per_recipient(self, notification: Notification) -> int:
        """An upper bound of the rows that one recipient costs."""
        return ROWS_PER_RUN if notification.workflow is not None else rows_per_recipient(notification.channels)

    def deliveries_per_recipient(self, notification: Notification) -> int:
        """What one recipient counts as."""
        single = notification.workflow is not None or notification.routing != "all"
        return 1 if single else len(notification.channels)
