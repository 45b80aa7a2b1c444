"""One notification to one recipient over one channel."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Protocol
from uuid import UUID

from domain.notifications.channel import Channel
from domain.notifications.delivery_status import FINAL, DeliveryStatus, DeliveryTrigger, after
from domain.shared.lease import Lease, Suspicion


class Priority(IntEnum):
    """Which work is claimed first."""

    CRITICAL = 0
    HIGH = 1
    NORMAL = 2
    BULK = 3


# The reason of a delivery that killed its workers.
POISON = "poison"


class RoundEnd(Protocol):
    """What a worker reports of a round; `delay` is in seconds, for a delivery that waits for another one."""

    @property
    def status(self) -> DeliveryStatus: ...
    @property
    def reason(self) -> str | None: ...
    @property
    def rounds(self) -> int: ...
    @property
    def delay(self) -> float | None: ...
    @property
    def finished_at(self) -> datetime | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """The thing that reaches exactly one final status.

    `target` is the subscriber's id (the caller's) or a webhook endpoint; `step` the workflow step's key, `''` for
    inline content. `suspicion` and `crashes` tell a delivery that kills workers from its innocent neighbours.
    """

    id: UUID
    tenant_id: str
    notification_id: UUID
    target: str
    step: str = ""
    channel: Channel
    queue: str
    priority: Priority
    generation: int = 0
    replay_of: UUID | None = None
    status: DeliveryStatus = DeliveryStatus.PENDING
    reason: str | None = None
    rounds: int = 0
    next_attempt_at: datetime | None = None
    expires_at: datetime | None = None
    lease: Lease | None = None
    leased_at: datetime | None = None
    suspicion: Suspicion = Suspicion.NONE
    crashes: int = 0
    receipt: str | None = None
    created_at: datetime
    finished_at: datetime | None = None

    def end(self, trigger: DeliveryTrigger, now: datetime, reason: str | None = None) -> "Delivery":
        """This delivery in the final status that `trigger` leads to; raises `IllegalTransition` otherwise."""
        status = after(self.status, trigger)
        return replace(
            self,
            status=status,
            reason=reason,
            finished_at=now if status in FINAL else None,
            next_attempt_at=None,
            lease=None,
        )

    def released(self, now: datetime) -> "Delivery":
        """Given back unused: due at once, and nothing is held against it."""
        return self._let_go(after(self.status, DeliveryTrigger.RELEASE), next_attempt_at=now)

    def recorded(self, end: RoundEnd, now: datetime) -> "Delivery":
        """After a round that was run to its end: final, or due again, though never later than it expires.

        A delivery that is poison keeps the crashes it is condemned for; any other has shown that it kills nobody.
        """
        due = None
        if end.status is DeliveryStatus.PENDING:
            due = now + timedelta(seconds=end.delay or 0.0)
            due = min(due, self.expires_at or due)
        return replace(
            self._let_go(end.status, next_attempt_at=due),
            reason=end.reason,
            rounds=end.rounds,
            crashes=self.crashes if end.reason == POISON else 0,
            finished_at=end.finished_at,
        )

    def _let_go(self, status: DeliveryStatus, *, next_attempt_at: datetime | None) -> "Delivery":
        return replace(
            self,
            status=status,
            next_attempt_at=next_attempt_at,
            lease=None,
            leased_at=None,
            suspicion=Suspicion.NONE,
            crashes=0,
        )
