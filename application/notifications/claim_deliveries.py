"""Leasing what is due."""

from collections.abc import Sequence
from dataclasses import dataclass

from application.notifications.packer import Packer
from application.notifications.parcel import Parcel
from application.notifications.readiness import Readiness
from application.ports.delivery_queue import ClaimedDelivery
from application.shared.run_once import SystemUnitOfWorkFactory
from application.shared.system_scope import SystemScope
from domain.notifications.channel import Channel
from domain.notifications.delivery import Priority


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimDeliveries:
    """Lease due deliveries of one channel, with all that is needed to send them.

    The queues are served in order, in each the critical ones first. A claim with `lowest_first` goes the other way
    round, last queue and lowest class first: one in a while, so that nothing starves behind what never ends.
    A process that can ask no provider of the channel leaves to others what has only just become due.
    """

    unit_of_work: SystemUnitOfWorkFactory
    scope: SystemScope
    packer: Packer
    readiness: Readiness
    lease_seconds: float

    async def __call__(
        self, queues: Sequence[str], channel: Channel, limit: int, *, lowest_first: bool = False
    ) -> list[Parcel]:
        claimed: list[ClaimedDelivery] = []
        appetite = self.readiness.appetite(channel, limit)
        async with self.unit_of_work() as uow:
            due = await uow.delivery_queue.due_lines(self.scope, queues, channel, appetite.overdue)
            lines = [(queue, priority) for queue in queues for priority in Priority if (queue, priority) in due]
            for queue, priority in reversed(lines) if lowest_first else lines:
                if len(claimed) < appetite.limit:
                    claimed += await uow.delivery_queue.claim(
                        self.scope,
                        queue=queue,
                        channel=channel,
                        priority=priority,
                        limit=appetite.limit - len(claimed),
                        lease_seconds=self.lease_seconds,
                        overdue=appetite.overdue,
                    )
            if not claimed:
                return []
            parcels = await self.packer.loaded(uow, claimed)
            await uow.commit()
        return await self.packer.composed(parcels)
