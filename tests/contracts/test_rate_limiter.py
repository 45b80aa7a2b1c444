"""What every rate limiter promises."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from application.ports.rate_limiter import RateLimiter, RatePolicy
from infrastructure.rate_limiter.memory import Buckets, MemoryRateLimiter

POLICY = RatePolicy(name="test", limit=5, window=10.0)


@dataclass(slots=True)
class Time:
    """A monotonic clock that a test moves."""

    now: float = 1_000.0

    def __call__(self) -> float:
        return self.now


@dataclass(slots=True)
class Limited:
    """A limiter and the time it runs by."""

    make: Callable[[Time], RateLimiter]
    time: Time = field(default_factory=Time)

    @property
    def limiter(self) -> RateLimiter:
        return self.make(self.time)


def memory() -> Callable[[Time], RateLimiter]:
    buckets = Buckets(10_000)
    return lambda time: MemoryRateLimiter(buckets, now=time)


ADAPTERS = {"memory": memory}


@pytest.fixture(params=ADAPTERS)
def limited(request: pytest.FixtureRequest) -> Limited:
    return Limited(ADAPTERS[request.param]())


async def hits(limited: Limited, count: int, key: str = "k", policy: RatePolicy = POLICY) -> list[bool]:
    return [(await limited.limiter.hit(key, policy)).allowed for _ in range(count)]


async def test_lets_the_limit_through_at_once_when_the_key_was_at_rest(limited: Limited) -> None:
    assert await hits(limited, 7) == [True] * 5 + [False] * 2


async def test_lets_one_more_through_when_its_share_of_the_window_has_passed(limited: Limited) -> None:
    await hits(limited, 6)
    limited.time.now += 1.99
    assert await hits(limited, 1) == [False]
    limited.time.now += 0.01
    assert await hits(limited, 2) == [True, False]


async def test_lets_all_through_again_when_a_window_has_passed(limited: Limited) -> None:
    await hits(limited, 5)
    limited.time.now += POLICY.window
    assert await hits(limited, 6) == [True] * 5 + [False]


async def test_counts_each_key_on_its_own_when_there_are_several(limited: Limited) -> None:
    await hits(limited, 5, "a")
    assert await hits(limited, 1, "a") == [False]
    assert await hits(limited, 5, "b") == [True] * 5


async def test_tells_how_much_is_left_and_when_it_is_back(limited: Limited) -> None:
    first = await limited.limiter.hit("k", POLICY)
    second = await limited.limiter.hit("k", POLICY)

    assert (first.limit, first.remaining, first.retry_after) == (5, 4, 0.0)
    assert second.remaining == 3
    assert [first.reset_after, second.reset_after] == pytest.approx([2.0, 4.0])


async def test_tells_when_to_come_again_when_a_hit_is_refused(limited: Limited) -> None:
    await hits(limited, 5)
    limited.time.now += 0.5
    refused = await limited.limiter.hit("k", POLICY)

    assert (refused.allowed, refused.remaining) == (False, 0)
    assert refused.retry_after == pytest.approx(1.5)
    limited.time.now += refused.retry_after
    assert await hits(limited, 1) == [True]


async def test_charges_nothing_when_a_hit_is_refused(limited: Limited) -> None:
    await hits(limited, 100)
    limited.time.now += POLICY.window
    assert await hits(limited, 5) == [True] * 5


@pytest.mark.parametrize("adapter", ADAPTERS)
@given(
    gaps=st.lists(st.floats(min_value=0.0, max_value=15.0), min_size=1, max_size=80),
    limit=st.integers(min_value=1, max_value=20),
    window=st.floats(min_value=0.5, max_value=30.0),
)
async def test_s16_never_lets_more_through_than_limit_and_burst_in_any_window(
    adapter: str, gaps: list[float], limit: int, window: float
) -> None:
    limited = Limited(ADAPTERS[adapter]())
    policy = RatePolicy(name="test", limit=limit, window=window)
    let_through = []
    for gap in gaps:
        limited.time.now += gap
        if (await limited.limiter.hit("k", policy)).allowed:
            let_through.append(limited.time.now)

    for start in let_through:
        assert sum(start <= moment <= start + window for moment in let_through) <= 2 * limit
    for start in let_through:
        assert sum(moment == start for moment in let_through) <= limit
