"""Sending again what was not sent: as a new delivery, since a final status never changes."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import UUID

from domain.notifications.channel import Channel
from domain.notifications.delivery import Delivery
from domain.notifications.delivery_status import DeliveryStatus
from domain.shared.errors import Conflict, NotFound
from domain.shared.lease import Suspicion

# What may be redriven: by status, for which reasons; None means for any.
# Of what was suppressed only obstacles that are looked at again before anything is sent: a wish of the subscriber's is
# not, and a dry run is one for good.
REDRIVABLE: Final[Mapping[DeliveryStatus, frozenset[str] | None]] = {
    DeliveryStatus.FAILED: None,
    DeliveryStatus.EXPIRED: None,
    DeliveryStatus.SUPPRESSED: frozenset({"no_contact_point", "endpoint_disabled"}),
}


class DeliveryNotFound(NotFound):
    """Delivery not found"""

    code = "deliveries.not_found"


class NotRedrivable(Conflict):
    """Delivery cannot be redriven"""

    code = "deliveries.not_redrivable"


def refuse_unless_redrivable(delivery: Delivery) -> None:
    """Raise `NotRedrivable` and say why, unless the delivery may be sent again."""
    if delivery.channel is Channel.IN_APP:
        raise NotRedrivable("a delivery to the inbox has nothing to try again")
    if delivery.status not in REDRIVABLE:
        raise NotRedrivable(f"a {delivery.status} delivery is not redriven")
    reasons = REDRIVABLE[delivery.status]
    if reasons is not None and delivery.reason not in reasons:
        raise NotRedrivable(f"what suppressed it ({delivery.reason}) still holds")


def replay_of(delivery: Delivery, *, replay_id: UUID, now: datetime) -> Delivery:
    """The delivery that tries again, from its first round on; raises `NotRedrivable`.

    It expires when the first one would have, unless that time has come: then whoever asks for it wants it all the same.
    """
    refuse_unless_redrivable(delivery)
    ahead = delivery.expires_at is not None and delivery.expires_at > now
    return replace(
        delivery,
        id=replay_id,
        generation=delivery.generation + 1,
        replay_of=delivery.id,
        status=DeliveryStatus.PENDING,
        reason=None,
        rounds=0,
        next_attempt_at=None,
        expires_at=delivery.expires_at if ahead else None,
        lease=None,
        leased_at=None,
        suspicion=Suspicion.NONE,
        crashes=0,
        receipt=None,
        created_at=now,
        finished_at=None,
    )
