"""What follows for preferences."""

from uuid import UUID

from application.ports.unit_of_work import UnitOfWork
from application.shared.reaction import on
from domain.subscribers.events import SubscriberDeleted


@on(SubscriberDeleted)
async def forget_preferences(event: SubscriberDeleted, uow: UnitOfWork) -> None:
    """Whoever is gone wants nothing, and what they wanted once is nobody's business."""
    await uow.preferences.erase(event.tenant_id, UUID(event.recipient_id))
