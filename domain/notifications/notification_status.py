"""A notification's status is derived from its deliveries, never set."""

from dataclasses import dataclass
from enum import StrEnum

from domain.notifications.delivery_status import DeliveryStatus


class NotificationStatus(StrEnum):
    """What became of a notification as a whole."""

    ACCEPTED = "accepted"
    SCHEDULED = "scheduled"
    PROCESSING = "processing"
    COMPLETED = "completed"
    PARTIALLY_FAILED = "partially_failed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


UNFINISHED = frozenset({NotificationStatus.ACCEPTED, NotificationStatus.SCHEDULED, NotificationStatus.PROCESSING})


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Deliveries of one notification by status."""

    pending: int = 0
    sending: int = 0
    sent: int = 0
    failed: int = 0
    expired: int = 0
    cancelled: int = 0
    suppressed: int = 0

    @property
    def total(self) -> int:
        return self.open + self.sent + self.failed + self.expired + self.cancelled + self.suppressed

    @property
    def open(self) -> int:
        return self.pending + self.sending

    def plus(self, status: DeliveryStatus, number: int = 1) -> "Counts":
        """These counts with `number` more deliveries in `status`."""
        changed = {name: getattr(self, name) for name in Counts.__slots__}
        changed[status.value] += number
        return Counts(**changed)


class Ending(StrEnum):
    """Why a notification has no deliveries although it had recipients."""

    CANCELLED = "cancelled"
    EXPIRED = "expired"


def derive_status(counts: Counts, *, due: bool, expanded: bool, ending: Ending | None = None) -> NotificationStatus:
    """The first line that holds.

    not due → scheduled · not expanded → accepted · anything open → processing · no deliveries → as it ended, else
    completed · all cancelled → cancelled · all expired → expired · none failed or expired → completed ·
    some sent → partially_failed · else failed.
    """
    if not expanded:
        return NotificationStatus.ACCEPTED if due else NotificationStatus.SCHEDULED
    if counts.open:
        return NotificationStatus.PROCESSING
    if counts.total == 0:
        return NotificationStatus(ending.value) if ending else NotificationStatus.COMPLETED
    return _of_finished(counts)


def _of_finished(counts: Counts) -> NotificationStatus:
    if counts.cancelled == counts.total:
        return NotificationStatus.CANCELLED
    if counts.expired == counts.total:
        return NotificationStatus.EXPIRED
    if not counts.failed and not counts.expired:
        return NotificationStatus.COMPLETED
    return NotificationStatus.PARTIALLY_FAILED if counts.sent else NotificationStatus.FAILED
