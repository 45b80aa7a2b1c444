"""How many callers are remembered, and who is forgotten (B-33)."""

import pytest

from application.ports.rate_limiter import RatePolicy
from infrastructure.rate_limiter.memory import Buckets, MemoryRateLimiter

POLICY = RatePolicy(name="test", limit=1, window=10.0)


async def test_b33_remembers_no_more_keys_than_it_may_when_far_more_come() -> None:
    buckets = Buckets(1_000)
    limiter = MemoryRateLimiter(buckets)

    for number in range(100_000):
        await limiter.hit(str(number), POLICY)

    assert len(buckets) == 1_000


async def test_forgets_keys_at_rest_first_when_there_is_no_room() -> None:
    now = [0.0]
    buckets = Buckets(3)
    limiter = MemoryRateLimiter(buckets, now=lambda: now[0])
    for key in "abc":
        await limiter.hit(key, POLICY)
    now[0] = 10.0

    await limiter.hit("d", POLICY)

    assert len(buckets) == 1


async def test_forgets_who_was_silent_for_the_longest_when_nobody_is_at_rest() -> None:
    limiter = MemoryRateLimiter(Buckets(2), now=lambda: 0.0)
    await limiter.hit("old", POLICY)
    await limiter.hit("new", POLICY)

    await limiter.hit("newest", POLICY)

    assert not (await limiter.hit("new", POLICY)).allowed
    assert (await limiter.hit("old", POLICY)).allowed


async def test_b33_stands_still_when_the_clock_runs_backwards() -> None:
    now = [1_000.0]
    limiter = MemoryRateLimiter(Buckets(2), now=lambda: now[0])
    await limiter.hit("k", POLICY)
    now[0] = 0.0

    refused = await limiter.hit("k", POLICY)

    assert not refused.allowed


def test_refuses_to_be_made_without_room() -> None:
    with pytest.raises(ValueError, match="one key"):
        Buckets(0)
