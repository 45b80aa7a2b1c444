"""Writing deliveries that try again."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from application.ports.unit_of_work import UnitOfWork
from domain.audit.entry import AuditAction, AuditEntry
from domain.identity.principal import Principal
from domain.notifications.delivery import Delivery
from domain.notifications.notification_status import Counts
from domain.shared.json import JsonValue


async def write_replays(uow: UnitOfWork, tenant_id: str, replays: Sequence[Delivery]) -> set[UUID]:
    """Store those that nobody has stored before, and count them: their notifications are open again.

    Returns the ids of those that were stored.
    """
    stored = await uow.deliveries.add_many(replays)
    numbers = Counter(one.notification_id for one in replays if one.id in stored)
    for notification_id, number in sorted(numbers.items()):
        await uow.notifications.add_tally(tenant_id, notification_id, Counts(pending=number))
    return stored


def redrive_noted(principal: Principal, target: str, at: datetime, **detail: JsonValue) -> AuditEntry:
    """`principal` had this redriven: a delivery, or whatever a job finds."""
    return AuditEntry(
        tenant_id=principal.tenant_id,
        actor=f"{principal.kind.value}:{principal.id}",
        action=AuditAction.DELIVERY_REDRIVE,
        target=target,
        at=at,
        detail=detail,
    )
