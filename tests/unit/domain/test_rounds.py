"""Which provider comes next, and when the next round begins."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.notifications.attempt import AttemptOutcome
from domain.notifications.rounds import (
    MAX_RETRY_AFTER,
    UNASKED_PAUSE,
    RetrySchedule,
    SoFar,
    Step,
    after_attempt,
    is_wanted,
    round_step,
)

SECONDS = st.floats(0.001, 90_000, allow_nan=False)
SCHEDULES = st.lists(SECONDS, max_size=10).map(lambda delays: RetrySchedule(tuple(delays)))


@pytest.mark.parametrize(
    ("outcome", "once", "duplicates"),
    [
        (AttemptOutcome.OK, Step.FINISH_SENT, Step.FINISH_SENT),
        (AttemptOutcome.RECIPIENT_PERMANENT, Step.FINISH_FAILED, Step.FINISH_FAILED),
        (AttemptOutcome.RETRYABLE, Step.NEXT_PROVIDER, Step.NEXT_PROVIDER),
        (AttemptOutcome.THROTTLED, Step.NEXT_PROVIDER, Step.NEXT_PROVIDER),
        (AttemptOutcome.PROVIDER_PERMANENT, Step.NEXT_PROVIDER, Step.NEXT_PROVIDER),
        (AttemptOutcome.AMBIGUOUS, Step.END_ROUND, Step.NEXT_PROVIDER),
        (AttemptOutcome.ABANDONED, Step.END_ROUND, Step.END_ROUND),
    ],
)
def test_the_next_step_follows_from_the_outcome_when_an_attempt_is_over(
    outcome: AttemptOutcome, once: Step, duplicates: Step
) -> None:
    assert after_attempt(outcome, tolerates_duplicates=False) is once
    assert after_attempt(outcome, tolerates_duplicates=True) is duplicates


def test_there_is_a_step_for_every_outcome_when_providers_answer() -> None:
    assert all(after_attempt(outcome, tolerates_duplicates=False) in Step for outcome in AttemptOutcome)


def test_rounds_are_one_more_than_waits_when_a_schedule_is_run_through() -> None:
    schedule = RetrySchedule((5.0, 30.0, 120.0))
    assert [schedule.delay_after(rounds) for rounds in (1, 2, 3, 4, 5)] == [5.0, 30.0, 120.0, None, None]
    assert RetrySchedule(()).delay_after(1) is None


def test_rounds_without_anybody_asked_count_when_the_schedule_would_be_over() -> None:
    schedule = RetrySchedule((5.0, 30.0))
    assert [schedule.counts_unasked(age) for age in (0.0, 35.0 + UNASKED_PAUSE, 35.1 + UNASKED_PAUSE)] == [
        False,
        False,
        True,
    ]


@pytest.mark.parametrize(
    ("retry_after", "expected"),
    [
        (None, 30.0),
        (0.0, 30.0),
        (-1.0, 30.0),
        (29.9, 30.0),
        (31.0, 31.0),
        (MAX_RETRY_AFTER, MAX_RETRY_AFTER),
        (MAX_RETRY_AFTER + 1, MAX_RETRY_AFTER),
        (1e9, MAX_RETRY_AFTER),
        (float("inf"), MAX_RETRY_AFTER),
    ],
)
def test_a_wish_is_kept_between_the_schedule_and_a_day_when_a_provider_names_one(
    retry_after: float | None, expected: float
) -> None:
    assert RetrySchedule((5.0, 30.0)).delay_after(2, retry_after) == expected


def test_the_schedule_wins_when_it_is_longer_than_a_day() -> None:
    assert RetrySchedule((100_000.0,)).delay_after(1, 1e9) == 100_000.0


@given(SCHEDULES, st.integers(1, 12), st.none() | st.floats(-1e12, 1e12))
def test_no_wait_is_shorter_than_the_schedule_when_there_is_one(
    schedule: RetrySchedule, rounds: int, retry_after: float | None
) -> None:
    delay = schedule.delay_after(rounds, retry_after)

    if rounds > len(schedule.delays):
        assert delay is None
    else:
        assert delay is not None
        assert schedule.delays[rounds - 1] <= delay <= max(MAX_RETRY_AFTER, schedule.delays[rounds - 1])


SENT, FAILED, NEXT, END, NOBODY = (
    Step.FINISH_SENT,
    Step.FINISH_FAILED,
    Step.NEXT_PROVIDER,
    Step.END_ROUND,
    Step.NOBODY_ASKED,
)


@pytest.mark.parametrize(
    ("so_far", "first_that_accepts", "every_point"),
    [
        ({}, True, True),
        ({"a": NEXT}, True, True),
        ({"a": NOBODY}, True, True),
        ({"a": FAILED}, False, False),
        ({"a": SENT}, False, False),
        ({"a": END}, False, False),
        ({"b": NEXT}, True, True),
        ({"b": FAILED}, True, True),
        ({"b": SENT}, False, True),
        ({"b": END}, False, True),
        ({"a": NEXT, "b": SENT}, False, True),
    ],
)
def test_a_provider_is_wanted_when_its_kind_of_contact_point_is_still_open(
    so_far: SoFar, first_that_accepts: bool, every_point: bool
) -> None:
    assert is_wanted("a", so_far, every_point=False) is first_that_accepts
    assert is_wanted("a", so_far, every_point=True) is every_point


@pytest.mark.parametrize(
    ("so_far", "step"),
    [
        ({}, Step.NO_CONTACT_POINT),
        ({None: SENT}, SENT),
        ({None: FAILED}, FAILED),
        ({None: NEXT}, END),
        ({None: END}, END),
        ({None: NOBODY}, NOBODY),
        ({"a": FAILED, "b": SENT}, SENT),
        ({"a": END, "b": SENT}, SENT),
        ({"a": FAILED, "b": FAILED}, FAILED),
        ({"a": FAILED, "b": NOBODY}, END),
        ({"a": FAILED, "b": NEXT}, END),
        ({"a": NOBODY, "b": NOBODY}, NOBODY),
        ({"a": NEXT, "b": NOBODY}, END),
    ],
)
def test_the_round_comes_to_this_when_its_kinds_came_to_that(so_far: SoFar, step: Step) -> None:
    assert round_step(so_far) is step
