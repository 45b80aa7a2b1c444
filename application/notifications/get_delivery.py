"""Asking for one delivery."""

from dataclasses import dataclass
from uuid import UUID

from application.notifications.ports import DeadLetterReader
from application.notifications.views import DeliveryView
from domain.identity.principal import Principal
from domain.notifications.redrive import DeliveryNotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class GetDelivery:
    """One delivery with its attempts."""

    dead_letters: DeadLetterReader

    async def __call__(self, principal: Principal, delivery_id: UUID) -> DeliveryView:
        found = await self.dead_letters.view(principal.tenant_id, delivery_id)
        if found is None:
            raise DeliveryNotFound
        return found
