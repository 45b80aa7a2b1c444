"""The schedules between tries of a job (QUE-06, QUE-07)."""

from collections.abc import Callable
from math import isclose

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.jobs.retry_delay import (
    LONGEST_DELAY,
    BackoffType,
    ExponentialDelay,
    FixedDelay,
    FullJitterDelay,
    LinearDelay,
    RetryDelay,
    retry_delay,
)
from infrastructure.system.jitter import RandomJitter

BASES = st.floats(0.001, 10_000, allow_nan=False)
ATTEMPTS = st.integers(1, 10_000)
MAKERS: tuple[Callable[..., RetryDelay], ...] = (FixedDelay, LinearDelay, ExponentialDelay, FullJitterDelay)
SCHEDULES = st.builds(lambda make, base: make(base=base), st.sampled_from(MAKERS), BASES)


@pytest.mark.parametrize(
    ("kind", "waits"),
    [
        (BackoffType.EXPONENTIAL, [3.0, 6.0, 12.0, 24.0, 48.0]),
        (BackoffType.LINEAR, [3.0, 6.0, 9.0, 12.0, 15.0]),
        (BackoffType.FIXED, [3.0, 3.0, 3.0, 3.0, 3.0]),
    ],
)
def test_waits_are_those_of_the_book_when_the_base_is_three_seconds(kind: BackoffType, waits: list[float]) -> None:
    assert [retry_delay(kind, 3.0).after(attempt) for attempt in range(1, 6)] == waits


def test_full_jitter_lies_between_nothing_and_the_doubled_wait_when_it_is_drawn() -> None:
    delay, jitter = FullJitterDelay(base=4.0), RandomJitter()

    drawn = [jitter.spread(delay.after(2), delay.spread) for _ in range(1_000)]

    assert 0.0 <= min(drawn) < 2.0
    assert 6.0 < max(drawn) <= 8.0


@given(SCHEDULES, ATTEMPTS)
def test_a_wait_never_shrinks_nor_outgrows_its_bound_when_tries_go_on(schedule: RetryDelay, attempt: int) -> None:
    assert 0 < schedule.after(attempt) <= schedule.after(attempt + 1) <= LONGEST_DELAY


@given(st.sampled_from(BackoffType), BASES)
def test_the_first_wait_is_the_base_when_that_is_no_longer_than_the_longest(kind: BackoffType, base: float) -> None:
    assert retry_delay(kind, base).after(1) == min(base, LONGEST_DELAY)


@given(BASES, ATTEMPTS)
def test_growth_is_as_it_is_called_when_the_bound_is_far_away(base: float, attempt: int) -> None:
    far = 1e300
    fixed, linear, doubled = (make(base=base, longest=far) for make in (FixedDelay, LinearDelay, ExponentialDelay))

    assert fixed.after(attempt + 1) == fixed.after(attempt)
    assert isclose(linear.after(attempt + 1) - linear.after(attempt), base, rel_tol=1e-6)
    assert attempt > 30 or doubled.after(attempt + 1) == 2 * doubled.after(attempt)
