"""The deliveries of one channel, as work for a claim loop; and those of dead workers."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from application.jobs.suspect_loop import SuspectWork
from application.notifications.claim_deliveries import ClaimDeliveries
from application.notifications.claim_suspect_deliveries import ClaimSuspectDeliveries
from application.notifications.deliver_batch import DeliverBatch, Errand
from application.notifications.parcel import Parcel
from application.notifications.release_deliveries import ReleaseDeliveries
from application.ports.log import Log
from domain.notifications.channel import Channel

# At the end of a process nobody waits for a store that does not answer: the leases run out by themselves.
RELEASE_SECONDS = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryUseCases:
    """Taken anew for each batch, so that an override reaches a running worker."""

    claim_deliveries: Callable[[], ClaimDeliveries]
    claim_suspect_deliveries: Callable[[], ClaimSuspectDeliveries]
    deliver_batch: Callable[[], DeliverBatch]
    release_deliveries: Callable[[], ReleaseDeliveries]
    log: Callable[[], Log]

    async def run(self, parcels: Sequence[Parcel], errand: Errand) -> None:
        """Send them at once under their leases; those that are cancelled unsent are given back."""
        try:
            await self.deliver_batch()(parcels, errand)
        finally:
            if errand.unsent:
                await asyncio.shield(self._give_back(errand.unsent))

    async def _give_back(self, parcels: Sequence[Parcel]) -> None:
        try:
            async with asyncio.timeout(RELEASE_SECONDS):
                await self.release_deliveries()(parcels)
        except Exception as error:  # noqa: BLE001 - the leases run out by themselves
            self.log().exception("deliveries.release_failed", error, deliveries=len(parcels))


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryWork:
    """Due deliveries of one channel: new ones are written to the first of its queues, older ones may lie in others."""

    queues: Sequence[str]
    channel: Channel
    use_cases: DeliveryUseCases

    @property
    def name(self) -> str:
        return f"deliveries:{self.channel}"

    @property
    def wakes(self) -> Sequence[str]:
        return self.queues[:1]

    def queue_of(self, item: Parcel) -> str:
        return item.delivery.queue

    async def claim(self, limit: int, *, lowest_first: bool) -> Sequence[Parcel]:
        return await self.use_cases.claim_deliveries()(self.queues, self.channel, limit, lowest_first=lowest_first)

    async def run(self, items: Sequence[Parcel], finished: Callable[[Parcel], None]) -> None:
        await self.use_cases.run(items, Errand(finished=finished))


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspectDeliveries(SuspectWork):
    """Deliveries of some queues whose worker died. A group is as large as what one worker had in flight; of each
    channel no more are sent at once than its slots allow.
    """

    queues: Sequence[str]
    slots: Mapping[Channel, int]
    use_cases: DeliveryUseCases

    async def waiting(self) -> bool:
        return await self.use_cases.claim_suspect_deliveries().waiting(self.queues)

    async def claim(self) -> Sequence[Parcel]:
        return await self.use_cases.claim_suspect_deliveries()(self.queues, sum(self.slots.values()))

    async def run(self, items: Sequence[Parcel]) -> None:
        places = {channel: asyncio.Semaphore(self.slots.get(channel, 1)) for channel in Channel}
        await self.use_cases.run(items, Errand(finished=_no_slot, place=lambda parcel: places[parcel.delivery.channel]))


def _no_slot(parcel: Parcel) -> None:
    """Suspects have the process to themselves: no slot comes free."""
