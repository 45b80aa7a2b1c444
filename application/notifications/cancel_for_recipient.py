"""Stopping what waits for a subscriber that is gone."""

from dataclasses import dataclass

from application.notifications.jobs import CANCEL_FOR_RECIPIENT, RecipientJob
from application.ports.clock import Clock
from application.shared.job_run import JobRun
from application.shared.job_spec import job
from application.shared.run_once import UnitOfWorkFactory
from domain.notifications.notification_status import Counts

PAGE = 200


@job(CANCEL_FOR_RECIPIENT)
@dataclass(frozen=True, slots=True, kw_only=True)
class CancelForRecipient:
    """Cancel what waits for one recipient over all notifications, in pages."""

    unit_of_work: UnitOfWorkFactory
    clock: Clock

    async def __call__(self, run: JobRun[RecipientJob]) -> None:
        cancelled = PAGE
        while cancelled == PAGE:
            async with self.unit_of_work() as uow:
                if await uow.subscribers.get(run.tenant_id, run.payload.subscriber_id) is not None:
                    return  # somebody of that id is there again: what waits is for them
                by_notification = await uow.deliveries.cancel_pending_for(
                    run.tenant_id, run.payload.subscriber_id, self.clock.now(), PAGE
                )
                for notification_id, number in by_notification.items():
                    change = Counts(pending=-number, cancelled=number)
                    await uow.notifications.add_tally(run.tenant_id, notification_id, change)
                await uow.commit()
                cancelled = sum(by_notification.values())
