"""Which provider comes next, and when the next round begins.

A round asks the channel's providers once each, in order, and skips those that are left alone for a while. Between
rounds lies the backoff.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from domain.notifications.attempt import AttemptOutcome


class Step(StrEnum):
    """What to do after an attempt."""

    FINISH_SENT = "finish_sent"
    FINISH_FAILED = "finish_failed"
    NEXT_PROVIDER = "next_provider"
    END_ROUND = "end_round"
    NOBODY_ASKED = "nobody_asked"


_STEPS: Mapping[AttemptOutcome, Step] = {
    AttemptOutcome.OK: Step.FINISH_SENT,
    AttemptOutcome.RECIPIENT_PERMANENT: Step.FINISH_FAILED,
    AttemptOutcome.RETRYABLE: Step.NEXT_PROVIDER,
    AttemptOutcome.THROTTLED: Step.NEXT_PROVIDER,
    AttemptOutcome.PROVIDER_PERMANENT: Step.NEXT_PROVIDER,
    AttemptOutcome.AMBIGUOUS: Step.END_ROUND,
    AttemptOutcome.ABANDONED: Step.END_ROUND,
}


def after_attempt(outcome: AttemptOutcome, *, tolerates_duplicates: bool) -> Step:
    """An ambiguous answer may have been a success: only a channel that tolerates a second copy fails over on it."""
    if outcome is AttemptOutcome.AMBIGUOUS and tolerates_duplicates:
        return Step.NEXT_PROVIDER
    return _STEPS[outcome]


# Where all providers are left alone nobody is asked, and the delivery comes back after so many seconds.
UNASKED_PAUSE = 30.0

# Longest wait a provider may ask for, in seconds; beyond it the answer is a mistake, not a wish.
MAX_RETRY_AFTER = 86_400.0


@dataclass(frozen=True, slots=True)
class RetrySchedule:
    """The waits between rounds, in seconds; one more round than there are waits."""

    delays: tuple[float, ...]

    def counts_unasked(self, age: float) -> bool:
        """Whether a round in which nobody was asked counts for a delivery that is `age` seconds old.

        Not within the time that the whole schedule takes: providers that come back in it find every try still there.
        After it each counts, since a delivery has to end even if nobody can ever be asked.
        """
        return age > sum(self.delays) + UNASKED_PAUSE

    def delay_after(self, rounds: int, retry_after: float | None = None) -> float | None:
        """Seconds to wait after `rounds` finished rounds, or None when there is no further round.

        A provider's `Retry-After` is honoured within [scheduled delay, 24 h].
        """
        if rounds > len(self.delays):
            return None
        scheduled = self.delays[rounds - 1]
        if retry_after is None:
            return scheduled
        return min(max(retry_after, scheduled), max(MAX_RETRY_AFTER, scheduled))
