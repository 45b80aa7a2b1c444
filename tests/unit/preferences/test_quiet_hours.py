"""Hours of the week in which somebody wants to be left alone."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.preferences.quiet_hours import LONGEST_HOLD, WEEKDAYS, QuietHours, QuietInterval, quiet_until
from domain.shared.local_time import read_time_of_day, wall_time
from tests.unit.schedules.zones import moments

BERLIN = ZoneInfo("Europe/Berlin")
MINUTE = timedelta(minutes=1)
EVERY_DAY = dict.fromkeys(WEEKDAYS, "22:00-07:00")


def quiet(weekly: dict[str, str], *, timezone: str | None = None, enabled: bool = True) -> QuietHours:
    days = {day: tuple(_interval(part) for part in text.split()) for day, text in weekly.items()}
    return QuietHours(weekly=days, timezone=timezone, enabled=enabled)


def _interval(text: str) -> QuietInterval:
    start, end = (read_time_of_day(part) for part in text.split("-"))
    assert start is not None
    assert end is not None
    return QuietInterval(start=start, end=end)


def at(text: str, zone: ZoneInfo = BERLIN) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


# 2026-06-01 is a Monday.
@pytest.mark.parametrize(
    ("weekly", "now", "until"),
    [
        (EVERY_DAY, "2026-06-01T21:59", None),
        (EVERY_DAY, "2026-06-01T22:00", "2026-06-02T07:00"),
        (EVERY_DAY, "2026-06-02T06:59", "2026-06-02T07:00"),
        (EVERY_DAY, "2026-06-02T07:00", None),
        ({"monday": "12:00-13:00 18:00-19:00"}, "2026-06-01T18:30", "2026-06-01T19:00"),
        ({"monday": "18:00-19:00 12:00-13:00"}, "2026-06-01T15:00", None),
        ({"monday": "22:00-24:00", "tuesday": "00:00-06:00"}, "2026-06-01T23:00", "2026-06-02T06:00"),
        ({"monday": "22:00-00:00"}, "2026-06-01T23:00", "2026-06-02T00:00"),
        ({"sunday": "20:00-08:00", "monday": "08:00-09:00 08:30-12:00"}, "2026-05-31T21:00", "2026-06-01T12:00"),
        ({"monday": "10:00-16:00 11:00-12:00"}, "2026-06-01T11:30", "2026-06-01T16:00"),
        ({"monday": "08:00-08:00"}, "2026-06-02T07:59", "2026-06-02T08:00"),
        ({"saturday": "00:00-24:00", "sunday": "00:00-24:00"}, "2026-06-06T10:00", "2026-06-08T00:00"),
        ({}, "2026-06-01T23:00", None),
    ],
)
def test_quiet_lasts_until_the_end_of_what_meets_when_the_clock_stands_in_it(
    weekly: dict[str, str], now: str, until: str | None
) -> None:
    assert quiet_until(quiet(weekly), BERLIN, at(now)) == (at(until) if until else None)


# In Berlin the clock jumps from 02:00 to 03:00 on 2026-03-29 (01:00 UTC), and back from 03:00 on 2026-10-25.
@pytest.mark.parametrize(
    ("times", "now", "until"),
    [
        ("22:00-02:30", "2026-03-29T00:59Z", "2026-03-29T01:00Z"),
        ("22:00-02:30", "2026-03-29T01:00Z", None),
        ("02:30-04:00", "2026-03-29T00:59Z", None),
        ("02:30-04:00", "2026-03-29T01:00Z", "2026-03-29T02:00Z"),
        ("02:10-02:50", "2026-03-29T01:00Z", None),
        ("22:00-02:30", "2026-10-25T00:29Z", "2026-10-25T00:30Z"),
        ("22:00-02:30", "2026-10-25T01:10Z", None),
        ("02:30-04:00", "2026-10-25T00:30Z", "2026-10-25T03:00Z"),
        ("02:30-04:00", "2026-10-25T01:10Z", "2026-10-25T03:00Z"),
    ],
)
def test_quiet_begins_and_ends_by_the_clock_when_it_jumps(times: str, now: str, until: str | None) -> None:
    found = quiet_until(quiet(dict.fromkeys(WEEKDAYS, times)), BERLIN, datetime.fromisoformat(now))

    assert found == (datetime.fromisoformat(until) if until else None)


def test_own_zone_counts_when_the_schedule_names_one() -> None:
    now = at("2026-06-01T23:00")

    assert quiet_until(quiet(EVERY_DAY, timezone="America/New_York"), BERLIN, now) is None
    assert quiet_until(quiet(EVERY_DAY, timezone="No/Such"), BERLIN, now) == at("2026-06-02T07:00")


def test_nothing_is_quiet_when_the_schedule_is_switched_off() -> None:
    assert quiet_until(quiet(EVERY_DAY, enabled=False), BERLIN, at("2026-06-01T23:00")) is None


def test_message_is_held_for_a_week_when_all_of_it_is_quiet() -> None:
    always, now = quiet(dict.fromkeys(WEEKDAYS, "00:00-24:00")), at("2026-06-03T12:00")
    until = now + LONGEST_HOLD

    assert quiet_until(always, BERLIN, now) == until
    assert quiet_until(always, BERLIN, now + timedelta(days=3), waiting_since=now) == until
    assert quiet_until(always, BERLIN, until, waiting_since=now) is None


TIMES = st.integers(0, 1_439)
INTERVALS = st.builds(QuietInterval, start=TIMES, end=st.integers(0, 1_440))
SCHEDULES = st.dictionaries(st.sampled_from(WEEKDAYS), st.lists(INTERVALS, max_size=3).map(tuple)).map(
    lambda weekly: QuietHours(weekly=weekly)
)


def shown_quiet(schedule: QuietHours, wall: datetime) -> bool:
    """By the dial alone, for zones whose clock does not jump."""
    for back in (0, 1):
        day = wall.date() - timedelta(days=back)
        minute = (wall - datetime.combine(day, datetime.min.time())) // MINUTE
        for each in schedule.weekly.get(WEEKDAYS[day.weekday()], ()):
            if each.start <= minute < each.end + (1_440 if each.end <= each.start else 0):
                return True
    return False


@given(SCHEDULES, st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)))  # noqa: DTZ001 - hypothesis wants them naive
def test_quiet_is_what_the_dial_says_when_clocks_do_not_jump(schedule: QuietHours, wall: datetime) -> None:
    now = wall.replace(tzinfo=UTC)

    until = quiet_until(schedule, UTC, now)

    assert (until is not None) == shown_quiet(schedule, wall)
    if until is not None and until < now + LONGEST_HOLD:
        assert shown_quiet(schedule, wall_time(until - MINUTE / 60, UTC))
        assert not shown_quiet(schedule, wall_time(until, UTC))


@given(SCHEDULES, moments())
@settings(deadline=None)
def test_end_is_not_quiet_and_lies_ahead_when_clocks_jump(
    schedule: QuietHours, drawn: tuple[ZoneInfo, datetime]
) -> None:
    zone, now = drawn

    until = quiet_until(schedule, zone, now)

    if until is not None:
        assert now < until <= now + LONGEST_HOLD
        assert until.tzinfo is UTC
        assert quiet_until(schedule, zone, until, waiting_since=now) is None
        between = now + (until - now) / 2
        assert quiet_until(schedule, zone, between, waiting_since=now) == until
