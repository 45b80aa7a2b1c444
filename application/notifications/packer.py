"""Making parcels of what was claimed."""

from collections.abc import Sequence
from dataclasses import dataclass

from application.notifications.address_book import AddressBook
from application.notifications.compose_messages import ComposeMessages
from application.notifications.parcel import Parcel, pack
from application.notifications.release_deliveries import ReleaseDeliveries
from application.ports.delivery_queue import ClaimedDelivery
from application.ports.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class Packer:
    """Loads what claimed deliveries need, in the claim's transaction, and composes their messages after it."""

    address_book: AddressBook
    compose_messages: ComposeMessages
    release_deliveries: ReleaseDeliveries

    async def loaded(self, uow: UnitOfWork, claimed: Sequence[ClaimedDelivery]) -> list[Parcel]:
        """The parcels; the messages of steps are still to be composed."""
        return await pack(uow, claimed, self.address_book)

    async def composed(self, parcels: Sequence[Parcel]) -> list[Parcel]:
        """The parcels with their messages. Call it with no unit of work open.

        Raises what composing raises, and then the claim is undone: leases without a worker would make suspects of it.
        """
        try:
            return await self.compose_messages(parcels)
        except BaseException:
            await self.release_deliveries(parcels)
            raise
