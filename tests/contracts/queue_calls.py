"""Calls to the delivery queue, each in a transaction of its own."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from application.notifications.ports import DeliveryFilter
from application.notifications.views import DeliveryView
from application.ports.delivery_queue import ClaimedDelivery, DeliveryQueue, DeliveryResult
from application.shared.system_scope import SystemScope
from domain.notifications.channel import Channel
from domain.notifications.delivery import Priority
from domain.notifications.delivery_status import DeliveryStatus
from tests.contracts.samples import QUEUE, SCOPE, TENANT
from tests.contracts.stores import Store

LONG = 60.0
"""Seconds of a lease that does not run out in a test."""
SHORT = 0.01
"""Seconds of one that runs out within `SHORTLY`."""
SHORTLY = 0.02


@dataclass(frozen=True, slots=True)
class Queue:
    """The queue of a store, as one worker sees it."""

    store: Store
    scope: SystemScope = SCOPE

    @asynccontextmanager
    async def _open(self) -> AsyncIterator[DeliveryQueue]:
        async with self.store.unit_of_work() as uow:
            yield uow.delivery_queue
            await uow.commit()

    async def due_lines(
        self, *queues: str, channel: Channel = Channel.EMAIL, overdue: float = 0.0
    ) -> set[tuple[str, Priority]]:
        async with self._open() as opened:
            return await opened.due_lines(self.scope, queues or (QUEUE,), channel, overdue)

    async def claim(
        self,
        limit: int = 10,
        *,
        lease: float = LONG,
        queue: str = QUEUE,
        channel: Channel = Channel.EMAIL,
        priority: Priority = Priority.NORMAL,
        overdue: float = 0.0,
    ) -> list[ClaimedDelivery]:
        async with self._open() as opened:
            return await opened.claim(
                self.scope,
                queue=queue,
                channel=channel,
                priority=priority,
                limit=limit,
                lease_seconds=lease,
                overdue=overdue,
            )

    async def claim_suspects(
        self, limit: int = 10, *, lease: float = LONG, queues: Sequence[str] = (QUEUE,)
    ) -> list[ClaimedDelivery]:
        async with self._open() as opened:
            return await opened.claim_suspects(self.scope, queues=queues, limit=limit, lease_seconds=lease)

    async def suspects_waiting(self, *queues: str) -> bool:
        async with self._open() as opened:
            return await opened.suspects_waiting(self.scope, queues or (QUEUE,))

    async def record(self, *results: DeliveryResult) -> set[UUID]:
        async with self._open() as opened:
            return await opened.record(self.scope, results)

    async def renew(self, *claimed: ClaimedDelivery, lease: float = LONG) -> set[UUID]:
        async with self._open() as opened:
            return await opened.renew(self.scope, [(one.delivery.id, one.token) for one in claimed], lease)

    async def release(self, *claimed: ClaimedDelivery) -> None:
        async with self._open() as opened:
            await opened.release(self.scope, [(one.delivery.id, one.token) for one in claimed])

    async def oldest_due_age(self, queue: str = QUEUE, channel: Channel = Channel.EMAIL) -> float:
        async with self._open() as opened:
            return await opened.oldest_due_age(self.scope, queue, channel)

    def result(self, claimed: ClaimedDelivery, status: DeliveryStatus, **changes: Any) -> DeliveryResult:
        """A result of one round; without a `delay` it is an end. Any: fields of many types."""
        fields = {"rounds": claimed.delivery.rounds + 1, "finished_at": self.store.now(), **changes}
        if "delay" in fields:
            fields["finished_at"] = None
        return DeliveryResult(
            delivery_id=claimed.delivery.id,
            notification_id=claimed.delivery.notification_id,
            tenant_id=claimed.delivery.tenant_id,
            token=claimed.token,
            status=status,
            **fields,
        )

    async def view(self, claimed: ClaimedDelivery) -> DeliveryView:
        """The delivery as it is stored now."""
        views = await self.store.notifications.deliveries(
            TENANT, claimed.delivery.notification_id, DeliveryFilter(), before=None, limit=100
        )
        return next(view for view in views if view.id == claimed.delivery.id)


def ids_of(claimed: Sequence[ClaimedDelivery]) -> list[UUID]:
    return [one.delivery.id for one in claimed]
