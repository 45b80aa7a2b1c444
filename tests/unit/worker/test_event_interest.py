"""What a process knows of who subscribes."""

import pytest

from application.relay.event_interest import KNOWN_SECONDS, EventInterest


class Time:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def test_nothing_is_known_when_nothing_was_learnt() -> None:
    interest = EventInterest(Time())

    assert not interest.fresh
    assert not interest.wants("delivery.sent")


def test_it_has_to_be_learnt_anew_when_two_seconds_have_passed() -> None:
    time = Time()
    interest = EventInterest(time)
    interest.learn({"delivery.*"})
    fresh: list[bool] = []
    for step in (KNOWN_SECONDS - 0.001, 0.001):
        time.now += step
        fresh.append(interest.fresh)

    assert fresh == [True, False]
    assert KNOWN_SECONDS <= 2


def test_it_has_to_be_learnt_anew_when_it_expired() -> None:
    interest = EventInterest(Time())
    interest.learn(())
    interest.expire()

    assert not interest.fresh


@pytest.mark.parametrize(
    ("patterns", "wanted"),
    [
        ((), False),
        (("notification.*",), False),
        (("delivery.failed",), False),
        (("x", "delivery.*"), True),
        (("**",), True),
    ],
)
def test_a_type_is_wanted_when_a_pattern_fits(patterns: tuple[str, ...], wanted: bool) -> None:
    interest = EventInterest(Time())
    interest.learn(patterns)

    assert interest.wants("delivery.sent") is wanted


def test_another_answer_is_given_when_other_patterns_are_learnt() -> None:
    interest = EventInterest(Time())
    interest.learn({"delivery.sent"})
    before = interest.wants("delivery.sent")
    interest.learn({"delivery.failed"})

    assert (before, interest.wants("delivery.sent"), interest.wants("delivery.failed")) == (True, False, True)
