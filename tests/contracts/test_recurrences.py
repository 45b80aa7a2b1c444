"""Recurrences: when recurring things come next."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from application.ports.recurrences import Recurrences
from domain.schedules.calendar import Calendar, Frequency
from domain.schedules.recurrence import Cron, Interval, Recurrence, Rule
from domain.shared.local_time import instants_of, wall_time
from infrastructure.system.recurrences import CronsimRecurrences
from tests.unit.schedules.zones import moments

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
A_WEEK = 7 * DAY


@pytest.fixture(scope="module")
def recurrences() -> Recurrences:
    return CronsimRecurrences()


def cron(expression: str, timezone: str = "UTC") -> Recurrence:
    return Recurrence(rule=Cron(expression=expression), timezone=timezone)


def yearly(month: int, day: int, interval: int = 1) -> Calendar:
    return Calendar(frequency=Frequency.YEARLY, interval=interval, month=month, day_of_month=day, times=(540,))


def monthly(day: int, interval: int = 1) -> Calendar:
    return Calendar(frequency=Frequency.MONTHLY, interval=interval, day_of_month=day, times=(540,))


LAST_OF_MONTH = Calendar(frequency=Frequency.MONTHLY, day_of_month="last", times=(540,))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def fires(recurrences: Recurrences, recurrence: Recurrence, after: datetime) -> Iterator[datetime]:
    following = recurrences.next_after(recurrence, after)
    while following is not None:
        yield following
        following = recurrences.next_after(recurrence, following)


def shown(recurrences: Recurrences, recurrence: Recurrence, after: str, count: int) -> str:
    """The first few, as a clock in the zone shows them."""
    found = [moment for moment, _ in zip(fires(recurrences, recurrence, utc(after)), range(count), strict=False)]
    return " ".join(f"{wall_time(moment, ZoneInfo(recurrence.timezone)):%m-%dT%H:%M}" for moment in found)


@pytest.mark.parametrize(
    ("recurrence", "after", "expected"),
    [
        (cron("0 9 * * 1"), "2026-06-01T09:00", "06-08T09:00 06-15T09:00"),
        (cron("0 9 * * MON-FRI", "America/New_York"), "2026-06-05T13:00", "06-08T09:00 06-09T09:00"),
        (cron("0 0 29 2 *"), "2096-03-01T00:00", "02-29T00:00"),
        (cron("30 2 * * *", "Europe/Berlin"), "2026-03-28T12:00", "03-29T03:00 03-30T02:30"),
        (cron("0,30 2 * * *", "Europe/Berlin"), "2026-03-28T12:00", "03-29T03:00 03-30T02:00 03-30T02:30"),
        (cron("30 2 * * *", "Europe/Berlin"), "2026-10-24T12:00", "10-25T02:30 10-26T02:30"),
        (cron("0 * * * *", "Europe/Berlin"), "2026-10-24T23:30", "10-25T02:00 10-25T02:00 10-25T03:00"),
        (cron("30 * * * *", "Europe/Berlin"), "2026-03-29T00:00", "03-29T01:30 03-29T03:30"),
        (cron("*/20 1 * * *", "Australia/Lord_Howe"), "2026-04-04T14:30", "04-05T01:40 04-05T01:40 04-06T01:00"),
    ],
)
def test_cron_fires_by_the_clock_of_its_zone_when_asked(
    recurrences: Recurrences, recurrence: Recurrence, after: str, expected: str
) -> None:
    assert shown(recurrences, recurrence, after, expected.count(" ") + 1) == expected


@pytest.mark.parametrize(
    ("rule", "after", "expected"),
    [
        (yearly(2, 29), "2095-01-01T00:00", ["2096-02-29", "2104-02-29", "2108-02-29"]),
        (yearly(2, 29, 10), "2050-01-01T00:00", ["2060-02-29", "2080-02-29", "2120-02-29"]),
        (yearly(12, 31, 2), "2027-01-01T00:00", ["2028-12-31", "2030-12-31"]),
        (monthly(31), "2026-01-31T09:00", ["2026-03-31", "2026-05-31", "2026-07-31", "2026-08-31"]),
        (monthly(30), "2026-01-30T09:00", ["2026-03-30", "2026-04-30"]),
        (monthly(29, 12), "2026-01-01T00:00", ["2026-01-29", "2027-01-29"]),
        (LAST_OF_MONTH, "2028-01-31T09:00", ["2028-02-29", "2028-03-31", "2028-04-30"]),
        (Calendar(frequency=Frequency.DAILY, interval=3, times=(540,)), "1970-01-01T09:00", ["1970-01-04"]),
        (
            Calendar(frequency=Frequency.WEEKLY, days=(0, 4), times=(540,)),
            "2026-06-01T08:59",
            ["2026-06-01", "2026-06-05", "2026-06-08"],
        ),
    ],
)
def test_calendar_fires_on_its_dates_when_months_and_years_differ(
    recurrences: Recurrences, rule: Rule, after: str, expected: list[str]
) -> None:
    found = fires(recurrences, Recurrence(rule=rule), utc(after))

    assert [f"{next(found):%Y-%m-%d}" for _ in expected] == expected


def test_weeks_are_counted_from_the_start_when_it_is_each_second(recurrences: Recurrences) -> None:
    rule = Calendar(frequency=Frequency.WEEKLY, interval=2, days=(0, 6), times=(540,))
    # A Wednesday: the Monday of its week has passed, the Sunday has not.
    found = fires(recurrences, Recurrence(rule=rule, starts_at=utc("2026-06-03T00:00")), utc("2020-01-01T00:00"))

    assert [f"{next(found):%m-%d}" for _ in range(4)] == ["06-07", "06-15", "06-21", "06-29"]


def test_intervals_are_counted_from_the_start_when_clocks_jump(recurrences: Recurrences) -> None:
    rule = Interval(every=timedelta(hours=12))
    recurrence = Recurrence(rule=rule, timezone="Europe/Berlin", starts_at=utc("2026-03-28T11:00"))

    assert shown(recurrences, recurrence, "2026-03-01T00:00", 4) == "03-28T12:00 03-29T00:00 03-29T13:00 03-30T01:00"


def test_both_ends_are_included_when_they_are_hit(recurrences: Recurrences) -> None:
    recurrence = replace(cron("0 9 * * *"), starts_at=utc("2026-06-01T09:00"), ends_at=utc("2026-06-03T09:00"), count=1)

    assert shown(recurrences, recurrence, "2000-01-01T00:00", 9) == "06-01T09:00 06-02T09:00 06-03T09:00"
    assert recurrences.next_after(recurrence, utc("2026-06-03T09:00")) is None


@pytest.mark.parametrize("rule", [Cron(expression="0 9 * * *"), monthly(31), Interval(every=DAY), yearly(2, 29)])
@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/New_York"])
@pytest.mark.parametrize("year", [1, 9999])
def test_there_is_no_exception_when_it_is_asked_at_the_ends_of_the_calendar(
    recurrences: Recurrences, rule: Rule, zone: str, year: int
) -> None:
    after = datetime(year, 1 if year == 1 else 12, 1 if year == 1 else 31, 23 if year > 1 else 0, tzinfo=ZoneInfo(zone))

    found = recurrences.next_after(Recurrence(rule=rule, timezone=zone), after)

    assert found is None or found > after


def test_answer_is_the_same_when_after_comes_in_another_zone(recurrences: Recurrences) -> None:
    after = utc("2026-10-25T01:30")

    here = recurrences.next_after(cron("*/30 * * * *", "Europe/Berlin"), after)
    there = recurrences.next_after(cron("*/30 * * * *", "Europe/Berlin"), after.astimezone(ZoneInfo("Europe/Berlin")))

    assert here == there == utc("2026-10-25T02:00")
    assert here is not None
    assert here.tzinfo is UTC


FIVE = "is not a cron expression of five fields: minute, hour, day of the month, month, day of the week"


@pytest.mark.parametrize(
    ("expression", "path", "message"),
    [
        ("* * * * * *", "at.cron", FIVE),
        ("@every 1ms", "at.cron", FIVE),
        ("@daily", "at.cron", FIVE),
        ("* * * *", "at.cron", FIVE),
        ("60 * * * *", "at.cron", "is not a cron expression: bad minute"),
        ("0 24 * * *", "at.cron", "is not a cron expression: bad hour"),
        ("0 0 30 2 *", "at.cron", "is not a cron expression: bad day-of-month"),
        ("0 0 * 13 *", "at.cron", "is not a cron expression: bad month"),
        ("0 0 * * 8", "at.cron", "is not a cron expression: bad day-of-week"),
        ("*/0 * * * *", "at.cron", "is not a cron expression: bad minute"),
        ("5-1 * * * *", "at.cron", "is not a cron expression: bad minute"),
        ("* * */20 * 1L", "at", "never comes"),
    ],
)
def test_cron_has_a_problem_and_never_fires_when_it_is_wrong(
    recurrences: Recurrences, expression: str, path: str, message: str
) -> None:
    found = recurrences.problems_of(cron(expression), "at")

    assert [(problem.path, problem.message) for problem in found] == [(path, message)]
    assert recurrences.next_after(cron(expression), utc("2026-01-01T00:00")) is None


@pytest.mark.parametrize(
    "recurrence",
    [
        Recurrence(rule=yearly(2, 30)),
        Recurrence(rule=monthly(30, 12), starts_at=utc("2026-02-01T00:00")),
        Recurrence(rule=yearly(2, 29, 4), starts_at=utc("2026-01-01T00:00")),
        replace(cron("0 9 * * 1"), starts_at=utc("2026-06-02T00:00"), ends_at=utc("2026-06-07T00:00")),
    ],
)
def test_recurrence_has_a_problem_when_it_never_comes(recurrences: Recurrences, recurrence: Recurrence) -> None:
    assert [problem.message for problem in recurrences.problems_of(recurrence)] == ["never comes"]
    assert recurrences.next_after(recurrence, utc("2000-01-01T00:00")) is None


@pytest.mark.parametrize("expression", ["* * * * *", "0 9 * * mon-fri", "0 0 29 2 *", "0 0 L * *", "15 3 1-7 * 1#1"])
def test_cron_has_no_problem_when_it_comes(recurrences: Recurrences, expression: str) -> None:
    assert list(recurrences.problems_of(cron(expression))) == []


@given(st.one_of(st.text(max_size=40), st.text(alphabet="0123456789*/,-L#W ", max_size=20)))
@settings(deadline=None)
def test_cron_has_problems_or_fires_when_the_text_is_any(recurrences: Recurrences, expression: str) -> None:
    found = recurrences.problems_of(cron(expression))

    assert bool(found) == (recurrences.next_after(cron(expression), utc("2000-01-01T00:00")) is None)


MINUTES = {"0": {0}, "30": {30}, "5,35": {5, 35}, "*/20": {0, 20, 40}, "*": set(range(60))}
HOURS = {"*": set(range(24)), "0": {0}, "2": {2}, "1-3": {1, 2, 3}, "*/6": {0, 6, 12, 18}, "23": {23}}
CRONS = st.builds(
    lambda minute, hour: Cron(expression=f"{minute} {hour} * * *"),
    st.sampled_from(sorted(MINUTES)),
    st.sampled_from(sorted(HOURS)),
)
TIMES = st.sets(st.integers(0, 1_439), min_size=1, max_size=3).map(lambda times: tuple(sorted(times)))
CALENDARS = st.one_of(
    st.builds(Calendar, frequency=st.just(Frequency.DAILY), interval=st.integers(1, 5), times=TIMES),
    st.builds(
        Calendar,
        frequency=st.just(Frequency.WEEKLY),
        interval=st.integers(1, 3),
        days=st.sets(st.integers(0, 6), min_size=1).map(lambda days: tuple(sorted(days))),
        times=TIMES,
    ),
    st.builds(
        Calendar,
        frequency=st.just(Frequency.MONTHLY),
        interval=st.integers(1, 7),
        day_of_month=st.one_of(st.integers(1, 28), st.just("last")),
        times=TIMES,
    ),
    st.builds(
        Calendar,
        frequency=st.just(Frequency.YEARLY),
        month=st.integers(1, 12),
        day_of_month=st.integers(1, 28),
        times=TIMES,
    ),
)
INTERVALS = st.builds(Interval, every=st.integers(60, 10_000_000).map(lambda seconds: timedelta(seconds=seconds)))
RULES = st.one_of(CRONS, CALENDARS, INTERVALS)


@given(RULES, moments(), st.fractions(0, 1))
@settings(deadline=None)
def test_next_is_later_and_the_same_from_anywhere_before_it_when_rules_are_any(
    recurrences: Recurrences, rule: Rule, drawn: tuple[ZoneInfo, datetime], share: float
) -> None:
    zone, after = drawn
    recurrence = Recurrence(rule=rule, timezone=zone.key)

    first = recurrences.next_after(recurrence, after)

    assert first is not None
    assert first > after
    assert first.tzinfo is UTC
    between = after + (first - after) * float(share)
    assert recurrences.next_after(recurrence, min(between, first - timedelta(microseconds=1))) == first
    second = recurrences.next_after(recurrence, first)
    assert second is not None
    assert second > first


@given(CALENDARS, moments())
@settings(deadline=None)
def test_clock_shows_a_time_asked_for_when_it_does_not_leave_it_out(
    recurrences: Recurrences, rule: Calendar, drawn: tuple[ZoneInfo, datetime]
) -> None:
    zone, after = drawn

    moment = recurrences.next_after(Recurrence(rule=rule, timezone=zone.key), after)

    assert moment is not None
    wall = wall_time(moment, zone)
    if wall.hour * 60 + wall.minute not in rule.times:
        assert instants_of(wall - MINUTE, zone) == ()
    else:
        assert moment == instants_of(wall, zone)[0] or instants_of(wall - MINUTE, zone) == ()


@given(moments(), st.integers(0, 1_439))
@settings(deadline=None)
def test_daily_fires_once_for_each_day_when_clocks_jump(
    recurrences: Recurrences, drawn: tuple[ZoneInfo, datetime], minutes: int
) -> None:
    zone, moment = drawn
    first_day = wall_time(moment, zone).date() - timedelta(days=3)
    recurrence = Recurrence(rule=Calendar(frequency=Frequency.DAILY, times=(minutes,)), timezone=zone.key)
    expected = []
    for day in range(7):
        wall = datetime.combine(first_day + day * DAY, datetime.min.time()) + minutes * MINUTE
        while not (instants := instants_of(wall, zone)):
            wall += MINUTE
        expected.append(instants[0])

    found = list(fires_until(recurrences, recurrence, expected[0] - MINUTE / 60, expected[-1]))

    assert found == expected


@given(CRONS, moments())
@settings(deadline=None)
def test_cron_fires_as_debian_has_it_when_every_minute_is_tried(
    recurrences: Recurrences, rule: Cron, drawn: tuple[ZoneInfo, datetime]
) -> None:
    zone, begin = drawn
    end = begin + DAY
    minute, hour, *_ = rule.expression.split()

    def asked(wall: datetime) -> bool:
        return wall.minute in MINUTES[minute] and wall.hour in HOURS[hour]

    expected, before = [], wall_time(begin, zone)
    for step in range(1, 24 * 60 + 1):
        moment = begin + step * MINUTE
        wall = wall_time(moment, zone)
        due = asked(wall)
        if not rule.follows_elapsed_time:
            # Once for each wall time: not when it comes again, and at the jump for those that it leaves out.
            left_out = (before + each * MINUTE for each in range(1, (wall - before) // MINUTE))
            due = (due and instants_of(wall, zone)[0] == moment) or any(asked(each) for each in left_out)
        if due:
            expected.append(moment)
        before = wall

    assert list(fires_until(recurrences, Recurrence(rule=rule, timezone=zone.key), begin, end)) == expected


def fires_until(recurrences: Recurrences, recurrence: Recurrence, after: datetime, end: datetime) -> Iterator[datetime]:
    for moment in fires(recurrences, recurrence, after):
        if moment > end:
            return
        yield moment
