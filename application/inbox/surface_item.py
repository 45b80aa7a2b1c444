"""The end of a snooze."""

from dataclasses import dataclass

from application.inbox.jobs import SURFACE, ItemJob
from application.inbox.wire import wire_item
from application.ports.clock import Clock
from application.shared.job_run import JobRun
from application.shared.job_spec import job
from application.shared.run_once import UnitOfWorkFactory
from domain.inbox.item import counter_change
from domain.realtime.stream import StreamUpdate, UpdateKind


@job(SURFACE)
@dataclass(frozen=True, slots=True, kw_only=True)
class SurfaceItem:
    """Bring a snoozed item back on top of the list; that its time has come is for the store's clock to say."""

    unit_of_work: UnitOfWorkFactory
    clock: Clock

    async def __call__(self, run: JobRun[ItemJob]) -> None:
        now = self.clock.now()
        async with self.unit_of_work() as uow:
            before = await uow.inbox.get(run.tenant_id, run.payload.recipient_id, run.payload.item_id)
            # Snoozed anew for longer, it has a job of its own for that.
            if before is None or before.snoozed_until is None or before.snoozed_until > run.payload.until:
                return
            after = before.surfaced(now)
            unread, unseen = counter_change(before, after)
            await uow.inbox.save(after)
            uow.streams.push(
                StreamUpdate(
                    stream_id=after.recipient_id,
                    tenant_id=after.tenant_id,
                    kind=UpdateKind.RECEIVED,
                    data=wire_item(after),
                    unread=unread,
                    unseen=unseen,
                )
            )
            await uow.commit()
