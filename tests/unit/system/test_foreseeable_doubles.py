"""The clock, ids and jitter that tests move by hand."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from infrastructure.memory.fixed_clock import FixedClock
from infrastructure.memory.fixed_jitter import NoJitter
from infrastructure.memory.sequential_ids import SequentialIds

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def test_the_clock_stands_when_nobody_moves_it() -> None:
    clock = FixedClock(NOON)

    assert clock.now() == clock.now() == NOON
    clock.advance(90.5)
    assert clock.now() == NOON + timedelta(seconds=90.5)
    clock.advance(-90.5)
    assert clock.now() == NOON


def test_the_clock_is_in_utc_when_made_in_another_zone() -> None:
    clock = FixedClock(NOON.astimezone(timezone(timedelta(hours=2))))

    assert clock.now().isoformat() == "2026-11-20T12:00:00+00:00"


def test_a_clock_is_refused_when_its_time_has_no_zone() -> None:
    with pytest.raises(ValueError, match="aware"):
        FixedClock(NOON.replace(tzinfo=None))


def test_ids_can_be_foreseen_when_they_are_sequential() -> None:
    ids = SequentialIds()

    assert [str(ids.new()) for _ in range(2)] == [
        "019b76da-a800-7000-8000-000000000001",
        "019b76da-a800-7000-8000-000000000002",
    ]


def test_delays_stay_when_there_is_no_jitter() -> None:
    assert NoJitter().spread(3.5, 0.5) == 3.5
