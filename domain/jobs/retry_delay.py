"""How long a job that failed waits for its next try."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

LONGEST_DELAY = 3_600.0
SPREAD = 0.2
# 2 to the power of this is more than any longest delay; a suspect of long standing has had more tries.
_MOST_DOUBLINGS = 30


class RetryDelay(Protocol):
    """A schedule without an end: how often a job is tried is decided elsewhere. A job may bring one of its own."""

    @property
    def spread(self) -> float:
        """By which share of itself a delay may come out shorter or longer, so that retries do not march in step."""
        ...

    def after(self, attempt: int) -> float:
        """Seconds between the failure of try number `attempt`, the first being 1, and the next try."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedDelay:
    """Always the same wait of `base` seconds."""

    base: float = 3.0
    longest: float = LONGEST_DELAY
    spread: float = SPREAD

    def after(self, attempt: int) -> float:
        """See the protocol."""
        return min(self.base, self.longest)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinearDelay:
    """`base` seconds more after each failure, the first wait being `base`."""

    base: float = 3.0
    longest: float = LONGEST_DELAY
    spread: float = SPREAD

    def after(self, attempt: int) -> float:
        """See the protocol."""
        return min(self.base * attempt, self.longest)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExponentialDelay:
    """Twice the wait after each failure, the first one being `base` seconds."""

    base: float = 3.0
    longest: float = LONGEST_DELAY
    spread: float = SPREAD

    def after(self, attempt: int) -> float:
        """See the protocol."""
        return min(self.base * 2.0 ** min(attempt - 1, _MOST_DOUBLINGS), self.longest)


@dataclass(frozen=True, slots=True, kw_only=True)
class FullJitterDelay:
    """Anything between nothing and what `ExponentialDelay` says: for many jobs that fail together on one thing."""

    base: float = 3.0
    longest: float = LONGEST_DELAY

    @property
    def spread(self) -> float:
        """All of it, to both sides of the middle."""
        return 1.0

    def after(self, attempt: int) -> float:
        """The middle."""
        return ExponentialDelay(base=self.base, longest=self.longest).after(attempt) / 2


class BackoffType(StrEnum):
    """The schedules that operators choose from."""

    EXPONENTIAL = "exponential"
    FIXED = "fixed"
    LINEAR = "linear"


def retry_delay(kind: BackoffType, base: float) -> RetryDelay:
    """The schedule of that name whose first wait is `base` seconds."""
    match kind:
        case BackoffType.EXPONENTIAL:
            return ExponentialDelay(base=base)
        case BackoffType.FIXED:
            return FixedDelay(base=base)
        case BackoffType.LINEAR:
            return LinearDelay(base=base)
