"""The inbox of a subscriber that is gone."""

from dataclasses import dataclass

from application.inbox.jobs import FORGET, InboxJob
from application.shared.job_run import JobRun
from application.shared.job_spec import job
from application.shared.run_once import UnitOfWorkFactory

PAGE = 400


@job(FORGET)
@dataclass(frozen=True, slots=True, kw_only=True)
class ForgetInbox:
    """Delete the items of a subscriber that is gone, in pages."""

    unit_of_work: UnitOfWorkFactory

    async def __call__(self, run: JobRun[InboxJob]) -> None:
        gone = PAGE
        while gone == PAGE:
            async with self.unit_of_work() as uow:
                gone = await uow.inbox.forget(run.tenant_id, run.payload.recipient_id, PAGE)
                await uow.commit()
