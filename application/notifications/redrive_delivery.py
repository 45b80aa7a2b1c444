"""Sending one delivery again."""

from dataclasses import dataclass
from uuid import UUID

from application.notifications.ports import DeadLetterReader
from application.notifications.replays import redrive_noted, write_replays
from application.notifications.views import DeliveryView
from application.ports.clock import Clock
from application.ports.ids import Ids
from application.ports.unit_of_work import UnitOfWork
from application.shared.idempotency import Answer, Idempotency
from application.shared.run_once import UnitOfWorkFactory, run_once
from domain.identity.principal import Principal
from domain.notifications.delivery import Delivery
from domain.notifications.redrive import DeliveryNotFound, NotRedrivable, refuse_unless_redrivable, replay_of


class _Overtaken(Exception):
    """Somebody else has just redriven it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RedriveDelivery:
    """Try again what failed, expired, or was suppressed for what may be mended.

    - A new delivery begins with its first round; the first one stays as it was, with its attempts.
    - Its notification is open again until the new one has ended.
    - Redriven twice, also at once, the same new delivery is answered.
    - What was sent or called off, the inbox, and what still stands against it are refused with `NotRedrivable`.
    """

    unit_of_work: UnitOfWorkFactory
    dead_letters: DeadLetterReader
    clock: Clock
    ids: Ids

    async def __call__(
        self, principal: Principal, delivery_id: UUID, *, idempotency: Idempotency | None = None
    ) -> Answer[DeliveryView]:
        dead = await self.dead_letters.get(principal.tenant_id, delivery_id)
        if dead is None:
            raise DeliveryNotFound
        refuse_unless_redrivable(dead)
        try:
            return await self._once(principal, dead, idempotency)
        except _Overtaken:
            return await self._once(principal, dead, idempotency)

    async def _once(
        self, principal: Principal, dead: Delivery, idempotency: Idempotency | None
    ) -> Answer[DeliveryView]:
        earlier = await self.dead_letters.replay_of(principal.tenant_id, dead.id)

        async def effect(uow: UnitOfWork) -> DeliveryView:
            return earlier or _view(await self._replay(uow, principal, dead))

        return await run_once(self.unit_of_work, idempotency, DeliveryView, effect)

    async def _replay(self, uow: UnitOfWork, principal: Principal, dead: Delivery) -> Delivery:
        notification = await uow.notifications.get(principal.tenant_id, dead.notification_id)
        if notification is None or notification.cancel_requested_at is not None:
            raise NotRedrivable("its notification was called off" if notification else "its notification is gone")
        now = self.clock.now()
        replay = replay_of(dead, replay_id=self.ids.new(), now=now)
        if not await write_replays(uow, principal.tenant_id, [replay]):
            raise _Overtaken
        uow.audit.append(redrive_noted(principal, f"delivery:{dead.id}", now, replay=str(replay.id)))
        return replay


def _view(replay: Delivery) -> DeliveryView:
    """A new one as it is answered."""
    return DeliveryView(
        id=replay.id,
        notification_id=replay.notification_id,
        subscriber_id=replay.target,
        step=replay.step or None,
        channel=replay.channel.value,
        status="pending",
        reason=None,
        generation=replay.generation,
        replay_of=replay.replay_of,
        rounds=0,
        next_attempt_at=replay.created_at,
        created_at=replay.created_at,
        finished_at=None,
        receipt=None,
    )
