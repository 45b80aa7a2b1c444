"""Giving leased deliveries back."""

from collections.abc import Sequence
from dataclasses import dataclass

from application.notifications.parcel import Parcel
from application.shared.run_once import SystemUnitOfWorkFactory
from application.shared.system_scope import SystemScope


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseDeliveries:
    """Give leased deliveries back unsent: due at once, no attempt counted."""

    unit_of_work: SystemUnitOfWorkFactory
    scope: SystemScope

    async def __call__(self, parcels: Sequence[Parcel]) -> None:
        async with self.unit_of_work() as uow:
            await uow.delivery_queue.release(self.scope, [(one.delivery.id, one.token) for one in parcels])
            await uow.commit()
