"""Dates that come again."""

from calendar import monthrange
from datetime import date, timedelta
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.schedules.calendar import LAST_DATE, Calendar, Frequency, dates_from

DAYS_TRIED = 800
DATES = st.dates(date(1970, 1, 1), date(2100, 12, 31))
CALENDARS = st.builds(
    Calendar,
    frequency=st.sampled_from(Frequency),
    interval=st.integers(1, 5),
    days=st.sets(st.integers(0, 6), min_size=1).map(tuple),
    day_of_month=st.one_of(st.integers(1, 31), st.just("last")),
    month=st.integers(1, 12),
    times=st.just((540,)),
)


def fits(rule: Calendar, anchor: date, day: date) -> bool:
    """Judged by itself, as someone with a paper calendar would."""
    length = monthrange(day.year, day.month)[1]
    in_month = day.day == (length if rule.day_of_month == "last" else rule.day_of_month)
    monday, first_monday = (each - timedelta(days=each.weekday()) for each in (day, anchor))
    months = (day.year - anchor.year) * 12 + day.month - anchor.month
    passed, on_the_day = {
        Frequency.DAILY: ((day - anchor).days, True),
        Frequency.WEEKLY: ((monday - first_monday).days // 7, day.weekday() in rule.days),
        Frequency.MONTHLY: (months, in_month),
        Frequency.YEARLY: (day.year - anchor.year, in_month and day.month == rule.month),
    }[rule.frequency]
    return on_the_day and passed >= 0 and passed % rule.interval == 0


@given(CALENDARS, DATES, st.integers(-30, 3_000))
@settings(deadline=None)
def test_dates_are_all_that_fit_when_every_day_is_tried(rule: Calendar, anchor: date, later: int) -> None:
    begin = anchor + timedelta(days=later)
    end = begin + timedelta(days=DAYS_TRIED)
    expected = [day for step in range(DAYS_TRIED) if fits(rule, anchor, day := begin + timedelta(days=step))]

    found = dates_from(rule, anchor, begin)

    assert list(islice((day for day in found if day < end), len(expected))) == expected
    assert next(found, LAST_DATE) >= end


@pytest.mark.parametrize("frequency", Frequency)
def test_dates_end_when_the_calendar_does(frequency: Frequency) -> None:
    rule = Calendar(frequency=frequency, days=(3,), day_of_month="last", month=12, times=(540,))

    assert list(dates_from(rule, date(2000, 1, 1), date(9998, 12, 31))) == [LAST_DATE]
