"""Rate limits in the memory of one process."""

from collections import OrderedDict
from collections.abc import Callable
from math import floor
from time import monotonic

from application.ports.rate_limiter import Decision, RateLimiter, RatePolicy


class Buckets:
    """For each key the moment at which it will be at rest again (GCRA's theoretical arrival time).

    At most `max_keys` are kept. When one more comes, those at the front that are at rest go first, for they say
    nothing; if there is none, the key goes that was not hit for the longest time: its caller starts afresh, which is
    the price of a flood of addresses.
    """

    def __init__(self, max_keys: int) -> None:
        if max_keys < 1:
            raise ValueError("there must be room for one key")
        self._max_keys = max_keys
        self._arrivals: OrderedDict[str, float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._arrivals)

    def arrival(self, key: str) -> float:
        """When the key is at rest; the beginning of time for one that is not known."""
        return self._arrivals.get(key, float("-inf"))

    def move(self, key: str, arrival: float, now: float) -> None:
        """Put the key's arrival off."""
        self._arrivals[key] = arrival
        self._arrivals.move_to_end(key)
        if len(self._arrivals) > self._max_keys:
            self._make_room(now)

    def _make_room(self, now: float) -> None:
        self._arrivals.popitem(last=False)
        while self._arrivals and next(iter(self._arrivals.values())) <= now:
            self._arrivals.popitem(last=False)


class MemoryRateLimiter(RateLimiter):
    """GCRA over `buckets`. Nothing is awaited between reading and writing, so one loop counts exactly."""

    def __init__(self, buckets: Buckets, now: Callable[[], float] = monotonic) -> None:
        self._buckets = buckets
        self._now = now

    async def hit(self, key: str, policy: RatePolicy) -> Decision:
        now = self._now()
        interval = policy.window / policy.limit
        arrival = max(self._buckets.arrival(key), now)
        wait = arrival + interval - policy.window - now
        # Less than a thousandth of an interval is rounding, not impatience.
        allowed = wait <= interval / 1_000
        if allowed:
            arrival += interval
            self._buckets.move(key, arrival, now)
        return Decision(
            allowed=allowed,
            limit=policy.limit,
            remaining=max(0, floor((now + policy.window - arrival) / interval + 1e-6)),
            reset_after=arrival - now,
            retry_after=0.0 if allowed else wait,
        )
