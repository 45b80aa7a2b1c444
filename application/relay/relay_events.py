"""Giving events their order and telling of them."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

from application.ports.event_relay import SealedEvent
from application.ports.ids import Ids
from application.ports.log import Log
from application.ports.unit_of_work import SystemUnitOfWork
from application.relay.event_consumers import EventConsumer, EventConsumers, Undelivered
from application.relay.jobs import redelivery_job
from application.relay.relay_state import Announced, RelayState
from application.shared.run_once import SystemUnitOfWorkFactory
from application.shared.system_scope import SystemScope

BATCH = 500
# Less than the lease: whoever takes longer would not be the relay any more.
TAKE_SECONDS = 8.0
# How long one consumer is offered batch after batch before the next one has its turn.
SERVE_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayEvents:
    """One round of the relay, of which there is one: whoever holds its lease.

    - Puts at most 500 new audit entries into the chains of their tenants.
    - Stores which events its consumers want when that has changed, so that other processes write those.
    - Gives positions to at most 500 new events, in the order in which they were stored.
    - Offers each consumer those that it has not seen, in batches, and moves its cursor.
    - A consumer that is away is asked again after growing pauses. An event that a recipient would not take goes into a
      job, in the transaction that moves the cursor: retried with backoff, a dead letter in the end.
    - No transaction is open while a consumer is asked.
    """

    unit_of_work: SystemUnitOfWorkFactory
    scope: SystemScope
    consumers: EventConsumers
    state: RelayState
    ids: Ids
    log: Log

    async def __call__(self) -> bool:
        """Whether there was anything to do."""
        sealed = await self._seal()
        if sealed is None:
            return False
        moved = [await self._serve(name, consumer) for name, consumer in self.consumers.items()]
        return sealed > 0 or any(moved)

    async def let_go(self) -> None:
        """Leave the lease to another process at once."""
        async with self.unit_of_work() as uow:
            await self.state.lease.let_go(uow, self.scope)
            await uow.commit()

    async def _seal(self) -> int | None:
        """How many events and audit entries got their positions; None while another process is the relay."""
        lease = self.state.lease
        async with self.unit_of_work() as uow:
            known = lease.fresh
            if not known and not await lease.hold(uow, self.scope):
                return None
            sealed = await uow.relay.seal(self.scope, BATCH) + await uow.relay.seal_audit(self.scope, BATCH)
            announced = await self._announce(uow)
            changed = sealed > 0 or announced != self.state.announced
            if changed and known and not await lease.hold(uow, self.scope):
                return None
            if changed or not known:
                await uow.commit()
        if announced != self.state.announced:
            self.state.announced = announced
            self.state.interest.expire()
        return sealed

    async def _announce(self, uow: SystemUnitOfWork) -> Announced:
        """What the consumers want now, stored when it is not what this relay has stored."""
        wanted = {name: frozenset(consumer.wanted) for name, consumer in self.consumers.items()}
        announced = Announced(self.state.lease.token, wanted)
        if announced != self.state.announced:
            await uow.relay.announce(self.scope, wanted)
        return announced

    async def _serve(self, name: str, consumer: EventConsumer) -> bool:
        """Offer batches while they are full, as long as the others need not wait for it; whether there was any."""
        deadline = time.monotonic() + SERVE_SECONDS
        taken = full = await self._offer(name, consumer)
        while full == consumer.batch and time.monotonic() < deadline:
            full = await self._offer(name, consumer)
        return taken > 0

    async def _offer(self, name: str, consumer: EventConsumer) -> int:
        """How many the consumer took of the next batch."""
        if not self.state.ready(name):
            return 0
        async with self.unit_of_work() as uow:
            position = await uow.relay.cursor(self.scope, name)
            events = await uow.relay.read_after(self.scope, position, consumer.batch)
        if not events:
            return 0
        try:
            async with asyncio.timeout(TAKE_SECONDS):
                undelivered = await consumer.take(events)
        except Exception as error:
            pause = self.state.failed(name)
            self.log.exception("relay.consumer_failed", error, consumer=name, events=len(events), pause=pause)
            return 0
        self.state.served(name)
        return len(events) if await self._move(name, events, undelivered) else 0

    async def _move(self, name: str, events: Sequence[SealedEvent], undelivered: Sequence[Undelivered]) -> bool:
        async with self.unit_of_work() as uow:
            if not await self.state.lease.hold(uow, self.scope):
                return False
            await uow.relay.advance(self.scope, name, events[-1].position)
            await uow.jobs.enqueue_many(
                [redelivery_job(name, one, self.ids.new(), one.event.occurred_at) for one in undelivered]
            )
            await uow.commit()
        return True
