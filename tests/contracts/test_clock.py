"""Clock, over every adapter."""

from datetime import UTC, datetime, timedelta

import pytest

from application.ports.clock import Clock
from infrastructure.memory.fixed_clock import FixedClock
from infrastructure.system.clock import SystemClock


@pytest.fixture(params=["system", "fixed"])
def clock(request: pytest.FixtureRequest) -> Clock:
    return SystemClock() if request.param == "system" else FixedClock(datetime.now(UTC))


def test_now_is_aware_and_in_utc_when_asked(clock: Clock) -> None:
    assert clock.now().utcoffset() == timedelta(0)
    assert clock.now().tzinfo is UTC


def test_now_is_this_instant_when_asked(clock: Clock) -> None:
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=5)
