"""Dates that come again: each third day, Mondays and Thursdays, the last of each month, the 29th of February."""

from calendar import monthrange
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final, Literal

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LAST: Final = "last"

# The end of the calendar, less what zones and quiet hours may add to it.
LAST_DATE: Final = date(9998, 12, 31)


class Frequency(StrEnum):
    """What is counted between one date and the next."""

    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    YEARLY = "yearly"


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """Each `interval` days, weeks, months or years, at `times` of the day (minutes since midnight, in ascending order).

    `days` (0 is Monday) go with weeks, `day_of_month` with months and years, `month` with years. A month that is too
    short for its day is left out; `last` is the last day of each.
    """

    frequency: Frequency
    interval: int = 1
    days: tuple[int, ...] = ()
    day_of_month: int | Literal["last"] | None = None
    month: int | None = None
    times: tuple[int, ...]


# Periods are numbered without a gap, so that a period and an interval make the next one.
_NUMBER: Final[Mapping[Frequency, Callable[[date], int]]] = {
    Frequency.DAILY: lambda day: day.toordinal(),
    Frequency.WEEKLY: lambda day: (day.toordinal() - 1) // 7,
    Frequency.MONTHLY: lambda day: day.year * 12 + day.month - 1,
    Frequency.YEARLY: lambda day: day.year,
}


def dates_from(rule: Calendar, anchor: date, day: date) -> Iterator[date]:
    """The dates on which a rule fires, `day` and later, in ascending order; `anchor` lies in the first period.

    Ends with the calendar: to find that a rule has no dates takes going through all of it, 50 ms.
    """
    number_of = _NUMBER[rule.frequency]
    first = number_of(anchor)
    passed = max(0, number_of(day) - first)
    begin = first + passed // rule.interval * rule.interval
    for number in range(begin, number_of(LAST_DATE) + 1, rule.interval):
        yield from (each for each in _dates_in(rule, number) if day <= each)


def _dates_in(rule: Calendar, number: int) -> tuple[date, ...]:
    match rule.frequency:
        case Frequency.DAILY:
            return (date.fromordinal(number),)
        case Frequency.WEEKLY:
            return tuple(date.fromordinal(number * 7 + 1 + day) for day in sorted(rule.days))
        case Frequency.MONTHLY:
            return _date_in_month(rule, number // 12, number % 12 + 1)
        case Frequency.YEARLY:
            return _date_in_month(rule, number, rule.month or 1)


def _date_in_month(rule: Calendar, year: int, month: int) -> tuple[date, ...]:
    _, length = monthrange(year, month)
    day = rule.day_of_month if isinstance(rule.day_of_month, int) else length
    return (date(year, month, day),) if day <= length else ()
