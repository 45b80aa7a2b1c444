"""At most so many messages in so long a time."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from domain.workflows.throttle import ThrottleSettings, ThrottleWindow, throttle

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
THREE = ThrottleSettings(limit=3, window=HOUR)


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def test_a_window_begins_with_the_first_run_when_nothing_is_stored() -> None:
    decision = throttle(THREE, None, NOON)

    assert decision.allowed
    assert decision.window == ThrottleWindow(started_at=NOON, count=1)
    assert decision.resets_at == NOON + HOUR


def test_runs_are_let_through_until_the_limit_when_they_fall_into_one_window() -> None:
    window, allowed = None, []
    for minute in range(5):
        decision = throttle(THREE, window, after(60 * minute))
        window = decision.window
        allowed.append(decision.allowed)

    assert allowed == [True, True, True, False, False]
    assert window == ThrottleWindow(started_at=NOON, count=3)


def test_there_is_nothing_to_store_when_a_run_is_refused() -> None:
    full = ThrottleWindow(started_at=NOON, count=3)

    assert throttle(THREE, full, after(3_599.999)).window is full


def test_a_new_window_begins_when_the_last_one_is_over() -> None:
    decision = throttle(THREE, ThrottleWindow(started_at=NOON, count=3), after(3_600))

    assert decision.allowed
    assert decision.window == ThrottleWindow(started_at=after(3_600), count=1)


def test_nothing_more_is_let_through_when_the_limit_was_lowered_below_the_count() -> None:
    assert not throttle(ThrottleSettings(limit=1, window=HOUR), ThrottleWindow(started_at=NOON, count=3), NOON).allowed


@given(st.integers(1, 4), st.integers(1, 50), st.lists(st.integers(0, 30), max_size=60))
def test_no_window_lets_more_through_than_the_limit(limit: int, length: int, gaps: list[int]) -> None:
    settings = ThrottleSettings(limit=limit, window=timedelta(seconds=length))
    window, moment, passed = None, 0, []
    for gap in gaps:
        moment += gap
        decision = throttle(settings, window, after(moment))
        window = decision.window
        if decision.allowed:
            passed.append((window.started_at, moment))

    starts = [started for started, _ in passed]
    assert all(starts.count(started) <= limit for started in starts)
    moments = [at for _, at in passed]
    assert all(sum(at <= each < at + length for each in moments) <= 2 * limit for at in moments)
