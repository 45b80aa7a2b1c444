"""Taking over the deliveries of dead workers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from application.notifications.lost_tries import LostTries
from application.notifications.packer import Packer
from application.notifications.parcel import Parcel
from application.ports.clock import Clock
from application.ports.delivery_queue import ClaimedDelivery, DeliveryResult
from application.ports.log import Log
from application.shared import log_events
from application.shared.run_once import SystemUnitOfWorkFactory
from application.shared.system_scope import SystemScope
from domain.notifications.delivery import POISON, Delivery
from domain.notifications.delivery_status import DeliveryTrigger, after
from domain.shared.lease import poisonous


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimSuspectDeliveries:
    """Take over deliveries whose worker died with them.

    The lost try is kept as an `abandoned` attempt. One that killed three workers while it ran alone has `failed`,
    reason `poison`, and is not tried again.
    """

    unit_of_work: SystemUnitOfWorkFactory
    scope: SystemScope
    packer: Packer
    lost_tries: LostTries
    clock: Clock
    log: Log
    lease_seconds: float

    async def waiting(self, queues: Sequence[str]) -> bool:
        """Whether there is any; a look that leases nothing."""
        async with self.unit_of_work() as uow:
            return await uow.delivery_queue.suspects_waiting(self.scope, queues)

    async def __call__(self, queues: Sequence[str], limit: int) -> list[Parcel]:
        # Not later: what is lost ended before the lease that follows began.
        now = self.clock.now()
        async with self.unit_of_work() as uow:
            claimed = await uow.delivery_queue.claim_suspects(
                self.scope, queues=queues, limit=limit, lease_seconds=self.lease_seconds
            )
            if not claimed:
                return []
            poison = [one for one in claimed if poisonous(one.delivery.crashes)]
            await uow.delivery_queue.append_attempts(self.scope, self.lost_tries.attempts_of(claimed, now))
            await uow.delivery_queue.record(self.scope, [_poisoned(one, now) for one in poison])
            healthy = [one for one in claimed if not poisonous(one.delivery.crashes)]
            parcels = await self.packer.loaded(uow, healthy)
            await uow.commit()
        self.lost_tries.count(claimed)
        for one in poison:
            self._tell(one.delivery)
        return await self.packer.composed(parcels)

    def _tell(self, delivery: Delivery) -> None:
        self.log.error(
            log_events.DELIVERY_FAILED,
            delivery_id=str(delivery.id),
            notification_id=str(delivery.notification_id),
            channel=delivery.channel.value,
            attempt=delivery.rounds + 1,
            error_code="worker.died",
            reason=POISON,
        )


def _poisoned(claimed: ClaimedDelivery, now: datetime) -> DeliveryResult:
    delivery = claimed.delivery
    return DeliveryResult(
        delivery_id=delivery.id,
        notification_id=delivery.notification_id,
        tenant_id=delivery.tenant_id,
        token=claimed.token,
        status=after(delivery.status, DeliveryTrigger.GIVE_UP),
        reason=POISON,
        rounds=delivery.rounds,
        finished_at=now,
    )
