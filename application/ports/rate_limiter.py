"""How much of us one caller may use."""

# One adapter: one process counts in memory; a store that several share comes with its driver.

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class RatePolicy:
    """`limit` hits in `window` seconds, all of them at once if need be, then one each `window / limit` seconds.

    `name` stands in headers and metrics: lower-case letters, digits, `_` and `-`.
    """

    name: str
    limit: int
    window: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What became of one hit. Times are seconds from now.

    `remaining` further hits would be let through now; after `reset_after` all of `limit` are there again. A hit that
    was not let through may come again after `retry_after`, which is 0 for one that was.
    """

    allowed: bool
    limit: int
    remaining: int
    reset_after: float
    retry_after: float


class RateLimiter(Protocol):
    """Counts hits by key, each key under one policy. In no window more than `2 * limit` hits are let through, and
    from rest never more than `limit` at once; a hit that is refused costs nothing.

    Concurrent hits on one key are counted one after the other, in all processes that share the store. Durations follow
    a monotonic clock: setting the wall clock changes nothing. The number of keys that are remembered is bounded.
    Raises `Unavailable` when the store cannot be asked.
    """

    async def hit(self, key: str, policy: RatePolicy) -> Decision:
        """Count one hit and decide on it."""
        ...
