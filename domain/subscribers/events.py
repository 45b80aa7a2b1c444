"""Facts about subscribers."""

from dataclasses import dataclass
from typing import ClassVar

from domain.shared.events import DomainEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriberDeleted(DomainEvent):
    """A subscriber was removed. `recipient_id` was its own id (ours): the key of its inbox and stream."""

    type: ClassVar[str] = "subscriber.deleted"

    subscriber_id: str
    recipient_id: str
