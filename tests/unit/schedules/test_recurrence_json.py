"""Recurrences from JSON and back."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.schedules.calendar import Calendar, Frequency
from domain.schedules.reading import read_recurrence
from domain.schedules.recurrence import Cron, Interval, Recurrence
from domain.schedules.writing import recurrence_json
from domain.shared.errors import InvalidInput
from domain.shared.json import JsonValue
from domain.shared.problems import Problems

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
DAILY = {"frequency": "daily", "times": ["09:00"]}
FULL: dict[str, Any] = {  # Any: JSON
    "timezone": "Europe/Berlin",
    "startsAt": "2026-06-01T12:00:00.000Z",
    "endsAt": "2026-06-02T12:00:00.000Z",
    "count": 3,
}


def read(value: JsonValue) -> Recurrence:
    problems = Problems()
    recurrence = read_recurrence(value, "", problems)
    problems.refuse()
    assert recurrence is not None
    return recurrence


def problems_of(value: JsonValue) -> dict[str, str]:
    with pytest.raises(InvalidInput) as refused:
        read(value)
    return {problem.path: problem.message for problem in refused.value.problems}


def calendar(**fields: JsonValue) -> JsonValue:
    return {"calendar": DAILY | fields}


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        ({"cron": "0 9 * * 1"}, Cron(expression="0 9 * * 1")),
        ({"every": "15m"}, Interval(every=timedelta(minutes=15))),
        (
            {"calendar": {"frequency": "weekly", "interval": 2, "days": ["mon", "thu"], "times": ["09:00", "18:30"]}},
            Calendar(frequency=Frequency.WEEKLY, interval=2, days=(0, 3), times=(540, 1_110)),
        ),
        (
            {"calendar": {"frequency": "monthly", "interval": 1, "dayOfMonth": "last", "times": ["00:00"]}},
            Calendar(frequency=Frequency.MONTHLY, day_of_month="last", times=(0,)),
        ),
        (
            {"calendar": {"frequency": "yearly", "interval": 1, "dayOfMonth": 29, "month": 2, "times": ["23:59"]}},
            Calendar(frequency=Frequency.YEARLY, day_of_month=29, month=2, times=(1_439,)),
        ),
    ],
)
def test_recurrence_is_written_as_it_was_read_when_nothing_is_wrong(
    value: dict[str, Any],  # Any: JSON
    rule: Cron | Interval | Calendar,
) -> None:
    assert read(value).rule == rule
    assert recurrence_json(read(value)) == value | {"timezone": "UTC"}
    assert recurrence_json(read(value | FULL)) == value | FULL


def test_times_and_days_are_in_order_when_they_were_not() -> None:
    found = read(calendar(frequency="weekly", days=["sun", "mon", "sun"], times=["18:00", "09:00", "18:00"])).rule

    assert found == Calendar(frequency=Frequency.WEEKLY, days=(0, 6), times=(540, 1_080))


WEEKDAY = "must be one of mon, tue, wed, thu, fri, sat, sun"
OR_LAST = "must be a whole number from 1 to 31, or last"
NEVER = "is a day that this month never has"
LEAST = "needs exactly one of cron, every and calendar"


@pytest.mark.parametrize(
    ("value", "path", "message"),
    [
        (None, "", "must be an object"),
        ({}, "", LEAST),
        ({"cron": "* * * * *", "every": "1h"}, "", LEAST),
        ({"cron": "* * * * *", "tz": "UTC"}, "tz", "is not known here"),
        ({"cron": 5}, "cron", "must be a text"),
        ({"cron": "*" * 300}, "cron", "must have 1 to 256 characters"),
        ({"every": "59s"}, "every", "is shorter than a minute"),
        ({"every": "1ms"}, "every", "is not a duration: write a whole number and s, m, h or d, like 90s or 2h"),
        ({"every": "366d"}, "every", "is not between 1s and 365d"),
        ({"every": "1h", "timezone": "Mars/Base"}, "timezone", "is not an IANA time zone"),
        ({"every": "1h", "count": 0}, "count", "must be a whole number from 1 to 1000000"),
        ({"every": "1h", "count": True}, "count", "must be a whole number from 1 to 1000000"),
        ({"every": "1h"} | FULL | {"endsAt": FULL["startsAt"]}, "endsAt", "does not lie after startsAt"),
        ({"calendar": 5}, "calendar", "must be an object"),
        ({"calendar": {"times": ["09:00"]}}, "calendar.frequency", "is required"),
        (calendar(frequency="hourly"), "calendar.frequency", "must be one of daily, weekly, monthly, yearly"),
        (calendar(times=[]), "calendar.times", "is required"),
        (calendar(times=["24:00"]), "calendar.times[0]", "is not a time of day from 00:00 to 23:59"),
        (calendar(times=["09:00"] * 25), "calendar.times", "has more than 24 entries"),
        (calendar(interval=367), "calendar.interval", "must be a whole number from 1 to 366"),
        (calendar(days=["mon"]), "calendar.days", "goes with weekly"),
        (calendar(dayOfMonth=3), "calendar.dayOfMonth", "goes with monthly and yearly"),
        (calendar(month=3), "calendar.month", "goes with yearly"),
        (calendar(frequency="weekly"), "calendar.days", "is required with weekly"),
        (calendar(frequency="weekly", days=[]), "calendar.days", "is empty"),
        (calendar(frequency="weekly", days=["monday"]), "calendar.days[0]", WEEKDAY),
        (calendar(frequency="monthly"), "calendar.dayOfMonth", "is required with monthly"),
        (calendar(frequency="monthly", dayOfMonth=32), "calendar.dayOfMonth", "must be a whole number from 1 to 31"),
        (calendar(frequency="monthly", dayOfMonth="first"), "calendar.dayOfMonth", OR_LAST),
        (calendar(frequency="yearly", dayOfMonth=30, month=2), "calendar.dayOfMonth", NEVER),
        (calendar(frequency="yearly", dayOfMonth=31, month=4), "calendar.dayOfMonth", NEVER),
        (calendar(frequency="yearly", dayOfMonth=3), "calendar.month", "is required with yearly"),
    ],
)
def test_field_is_named_when_it_is_wrong(value: JsonValue, path: str, message: str) -> None:
    assert problems_of(value) == {path: message}


@pytest.mark.parametrize("name", ["startsAt", "endsAt"])
@pytest.mark.parametrize("moment", ["2026-06-01T12:00:00", "0000-01-01T00:00:00Z", 1e18, "tomorrow"])
def test_bound_is_refused_when_it_is_no_point_in_time(name: str, moment: JsonValue) -> None:
    assert list(problems_of({"every": "1h", name: moment})) == [name]


def test_everything_is_named_when_several_fields_are_wrong() -> None:
    found = problems_of(calendar(frequency="yearly", interval=0, times=[9, "10"], days=["mon"]) | {"count": -1})

    assert set(found) == {
        "count",
        *(f"calendar.{name}" for name in ("interval", "times[0]", "times[1]", "days", "dayOfMonth", "month")),
    }


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(0, 40) | st.sampled_from(["09:00", "daily", "yearly", "last", "1h"]),
    lambda below: (
        st.lists(below, max_size=3)
        | st.dictionaries(
            st.sampled_from([*FULL, "every", "calendar", "frequency", "interval", "times", "month"]), below
        )
    ),
)


@given(JSON)
@settings(deadline=None)
def test_reading_answers_or_refuses_when_the_json_is_any(value: JsonValue) -> None:
    problems = Problems()

    recurrence = read_recurrence(value, "", problems)

    assert problems or recurrence is not None
    if recurrence is not None and not problems:
        assert read(recurrence_json(recurrence)) == recurrence


def test_start_is_filled_in_when_there_is_none() -> None:
    recurrence = read({"every": "1h"}).starting(NOON)

    assert recurrence.starts_at == NOON
    assert recurrence.starting(NOON + timedelta(days=1)) is recurrence


def test_recurrence_is_spent_when_it_fired_as_often_as_it_may() -> None:
    three, endless = read({"every": "1h", "count": 3}), read({"every": "1h"})

    assert [three.spent(fired) for fired in (0, 2, 3, 4)] == [False, False, True, True]
    assert not endless.spent(1_000_000)
