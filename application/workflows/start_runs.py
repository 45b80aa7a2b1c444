"""Beginning a workflow for its recipients."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from application.ports.ids import Ids
from application.ports.unit_of_work import UnitOfWork
from domain.notifications.delivery import Priority
from domain.notifications.notification import Notification
from domain.notifications.notification_status import Counts
from domain.subscribers.subscriber import Subscriber
from domain.workflows.run import Run

# A subscriber that is not known yet costs its own row and its stream's, and the run is one.
ROWS_PER_RUN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarter:
    """Writes pages of runs. A page written twice is written once."""

    ids: Ids
    queue: str = "notifications"

    async def start(
        self,
        uow: UnitOfWork,
        notification: Notification,
        subscribers: Sequence[Subscriber],
        priority: Priority,
        now: datetime,
    ) -> Counts:
        """Write one page; how many runs were new, as deliveries that are pending."""
        assert notification.workflow is not None, "a run is one of a workflow"
        assert notification.workflow_version is not None, "and of a version"
        runs = [
            Run(
                id=self.ids.new(),
                tenant_id=notification.tenant_id,
                notification_id=notification.id,
                workflow=notification.workflow,
                version=notification.workflow_version,
                target=subscriber.subscriber_id,
                queue=self.queue,
                priority=priority,
                expires_at=notification.expires_at,
                created_at=now,
            )
            for subscriber in subscribers
        ]
        return Counts(pending=len(await uow.runs.add_many(runs)))
