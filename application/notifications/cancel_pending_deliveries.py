"""Going on with a cancellation."""

from dataclasses import dataclass

from application.notifications.cancel_notification import cancel_page
from application.notifications.jobs import CANCEL_PENDING, NotificationJob
from application.ports.clock import Clock
from application.shared.job_run import JobRun
from application.shared.job_spec import job
from application.shared.run_once import UnitOfWorkFactory


@job(CANCEL_PENDING)
@dataclass(frozen=True, slots=True, kw_only=True)
class CancelPendingDeliveries:
    """Go on cancelling, one page of deliveries per transaction, until none waits."""

    unit_of_work: UnitOfWorkFactory
    clock: Clock

    async def __call__(self, run: JobRun[NotificationJob]) -> None:
        done = False
        while not done:
            async with self.unit_of_work() as uow:
                notification = await uow.notifications.get(run.tenant_id, run.payload.notification_id)
                if notification is None:
                    return
                done = await cancel_page(uow, notification, self.clock.now())
                await uow.commit()
