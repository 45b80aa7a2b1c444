"""Tries that were lost with their worker."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from application.ports.delivery_queue import ClaimedDelivery
from application.ports.ids import Ids
from application.ports.metrics import Metrics
from domain.notifications.attempt import Attempt, AttemptOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class LostTries:
    """An `abandoned` attempt for each suspect, which nobody else can write down any more."""

    ids: Ids
    metrics: Metrics

    def attempts_of(self, suspects: Sequence[ClaimedDelivery], now: datetime) -> list[Attempt]:
        """What to store of them; they ended at `now`, which is before the lease that they were given since."""
        return [
            Attempt(
                id=self.ids.new(),
                delivery_id=one.delivery.id,
                round=one.delivery.rounds + 1,
                provider=None,
                outcome=AttemptOutcome.ABANDONED,
                started_at=one.delivery.leased_at or now,
                finished_at=now,
                error_code="worker.died",
            )
            for one in suspects
        ]

    def count(self, suspects: Sequence[ClaimedDelivery]) -> None:
        """Once they are stored."""
        for one in suspects:
            self.metrics.increment(
                "delivery_attempts_total",
                channel=one.delivery.channel.value,
                provider="",
                outcome=AttemptOutcome.ABANDONED.value,
            )
