"""Which provider comes next, and when the next round begins.

A round asks the channel's providers once each, in order, and skips those that are left alone for a while. Between
rounds lies the backoff. Where a channel has several kinds of contact point, a provider speaks to one of them, and is
skipped where the recipient has none of that kind; failing over from one provider to the next stays within a kind.
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
    NO_CONTACT_POINT = "no_contact_point"


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


# By kind of contact point (None where a channel has one alone), what its last provider came to in this round;
# NOBODY_ASKED when all of them were left alone.
SoFar = Mapping[str | None, Step]

_STILL_OPEN = frozenset({Step.NEXT_PROVIDER, Step.NOBODY_ASKED})
_ENDS_ALL = frozenset({Step.FINISH_SENT, Step.END_ROUND})


def is_wanted(point: str | None, so_far: SoFar, *, every_point: bool) -> bool:
    """Whether a provider of this kind is still to be asked in the round.

    With `every_point` each kind is served for itself. Without it the first that accepts is enough, and what may have
    accepted ends the round, too.
    """
    if not every_point and not _ENDS_ALL.isdisjoint(so_far.values()):
        return False
    return so_far.get(point, Step.NOBODY_ASKED) in _STILL_OPEN


def round_step(so_far: SoFar) -> Step:
    """What to do after the round: one acceptance is enough, and a kind that is not lost for good is tried again."""
    steps = set(so_far.values())
    if not steps:
        return Step.NO_CONTACT_POINT
    if Step.FINISH_SENT in steps:
        return Step.FINISH_SENT
    return steps.pop() if steps in ({Step.FINISH_FAILED}, {Step.NOBODY_ASKED}) else Step.END_ROUND


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
