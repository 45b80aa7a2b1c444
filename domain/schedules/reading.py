"""Recurrences from JSON, as callers write them."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final, Literal

from domain.schedules.calendar import LAST, WEEKDAYS, Calendar, Frequency
from domain.schedules.recurrence import UTC_NAME, Cron, Interval, Recurrence, Rule
from domain.shared.duration import InvalidDuration, read_duration
from domain.shared.json import JsonObject, JsonValue
from domain.shared.local_time import MINUTES_A_DAY, read_time_of_day, zone_named
from domain.shared.problems import Problems
from domain.shared.reading import (
    is_object,
    path_to,
    read_choice,
    read_integer,
    read_list,
    read_moment,
    read_object,
    read_text,
)

SHORTEST_INTERVAL: Final = timedelta(minutes=1)
MOST_TIMES: Final = 24
MOST_FIRES: Final = 1_000_000
LONGEST_CRON: Final = 256
# Longer ones would be mistakes, and few of them ever meet a leap day.
LONGEST_INTERVAL: Final[Mapping[Frequency, int]] = {
    Frequency.DAILY: 366,
    Frequency.WEEKLY: 53,
    Frequency.MONTHLY: 120,
    Frequency.YEARLY: 10,
}
# February as in leap years: a day that comes each fourth year does come.
LONGEST_MONTH: Final = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)

_RULES: Final = ("cron", "every", "calendar")
_FIELDS: Final = (*_RULES, "timezone", "startsAt", "endsAt", "count")
_CALENDAR: Final = ("frequency", "interval", "days", "dayOfMonth", "month", "times")
# Which of them goes with which frequency, and is then required.
_GOES_WITH: Final[Mapping[str, tuple[Frequency, ...]]] = {
    "days": (Frequency.WEEKLY,),
    "dayOfMonth": (Frequency.MONTHLY, Frequency.YEARLY),
    "month": (Frequency.YEARLY,),
}


def read_recurrence(value: JsonValue, path: str, problems: Problems) -> Recurrence | None:
    """`{cron | every | calendar, timezone?, startsAt?, endsAt?, count?}`; None where the rule cannot be read.

    Adds everything that is wrong to `problems`, except what only the reader of cron expressions knows: see the port
    `Recurrences`.
    """
    if not is_object(value, path, problems):
        return None
    fields = read_object(value, path, problems, known=_FIELDS)
    starts = read_moment(fields.get("startsAt"), path_to(path, "startsAt"), problems)
    ends = read_moment(fields.get("endsAt"), path_to(path, "endsAt"), problems)
    if starts is not None and ends is not None:
        problems.check(ends > starts, path_to(path, "endsAt"), "does not lie after startsAt")
    zone = read_text(fields.get("timezone"), path_to(path, "timezone"), problems, longest=64) or UTC_NAME
    problems.check(zone_named(zone) is not None, path_to(path, "timezone"), "is not an IANA time zone")
    count = read_integer(fields.get("count"), path_to(path, "count"), problems, lowest=1, highest=MOST_FIRES)
    rule = _read_rule(fields, path, problems)
    if rule is None:
        return None
    return Recurrence(rule=rule, timezone=zone, starts_at=starts, ends_at=ends, count=count)


def _read_rule(fields: JsonObject, path: str, problems: Problems) -> Rule | None:
    given = [name for name in _RULES if fields.get(name) is not None]
    if len(given) != 1:
        problems.add(path, "needs exactly one of cron, every and calendar")
        return None
    below = path_to(path, given[0])
    if given[0] == "calendar":
        return _read_calendar(fields["calendar"], below, problems)
    text = read_text(fields[given[0]], below, problems, longest=LONGEST_CRON)
    if text is None:
        return None
    return Cron(expression=" ".join(text.split())) if given[0] == "cron" else _read_interval(text, below, problems)


def _read_interval(text: str, path: str, problems: Problems) -> Interval | None:
    try:
        every = read_duration(text)
    except InvalidDuration as error:
        problems.add(path, error.detail)
        return None
    if not problems.check(every >= SHORTEST_INTERVAL, path, "is shorter than a minute"):
        return None
    return Interval(every=every)


def _read_calendar(value: JsonValue, path: str, problems: Problems) -> Calendar | None:
    if not is_object(value, path, problems):
        return None
    fields = read_object(value, path, problems, known=_CALENDAR)
    frequency = read_choice(fields.get("frequency"), path_to(path, "frequency"), problems, among=tuple(Frequency))
    times = _read_times(fields.get("times"), path_to(path, "times"), problems)
    if frequency is None:
        problems.check(fields.get("frequency") is not None, path_to(path, "frequency"), "is required")
        return None
    _check_belonging(fields, frequency, path, problems)
    highest = LONGEST_INTERVAL[frequency]
    rule = Calendar(
        frequency=frequency,
        interval=read_integer(fields.get("interval"), path_to(path, "interval"), problems, lowest=1, highest=highest)
        or 1,
        days=_read_days(fields.get("days"), path_to(path, "days"), problems),
        day_of_month=_read_day_of_month(fields.get("dayOfMonth"), path_to(path, "dayOfMonth"), problems),
        month=read_integer(fields.get("month"), path_to(path, "month"), problems, lowest=1, highest=12),
        times=times,
    )
    if isinstance(rule.day_of_month, int) and rule.month is not None:
        exists = rule.day_of_month <= LONGEST_MONTH[rule.month - 1]
        problems.check(exists, path_to(path, "dayOfMonth"), "is a day that this month never has")
    return rule


def _check_belonging(fields: JsonObject, frequency: Frequency, path: str, problems: Problems) -> None:
    for name, frequencies in _GOES_WITH.items():
        if frequency in frequencies:
            problems.check(fields.get(name) is not None, path_to(path, name), f"is required with {frequency}")
        else:
            problems.check(fields.get(name) is None, path_to(path, name), f"goes with {' and '.join(frequencies)}")


def _read_times(value: JsonValue, path: str, problems: Problems) -> tuple[int, ...]:
    entries = read_list(value, path, problems, most=MOST_TIMES)
    problems.check(value not in (None, []), path, "is required")
    found = set()
    for index, entry in enumerate(entries):
        minutes = read_time_of_day(entry) if isinstance(entry, str) else None
        if minutes is None or minutes == MINUTES_A_DAY:
            problems.add(f"{path}[{index}]", "is not a time of day from 00:00 to 23:59")
        else:
            found.add(minutes)
    return tuple(sorted(found))


def _read_days(value: JsonValue, path: str, problems: Problems) -> tuple[int, ...]:
    entries = read_list(value, path, problems, most=len(WEEKDAYS))
    if value == []:
        problems.add(path, "is empty")
    names = (read_choice(entry, f"{path}[{index}]", problems, among=WEEKDAYS) for index, entry in enumerate(entries))
    return tuple(sorted({WEEKDAYS.index(name) for name in names if name is not None}))


def _read_day_of_month(value: JsonValue, path: str, problems: Problems) -> int | Literal["last"] | None:
    if value == LAST:
        return "last"
    if isinstance(value, str):
        problems.add(path, "must be a whole number from 1 to 31, or last")
        return None
    return read_integer(value, path, problems, lowest=1, highest=31)
