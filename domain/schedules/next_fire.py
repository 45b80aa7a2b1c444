"""The next time at which a recurrence fires, through all that clocks do.

A wall time that the clock jumps over fires once, at the jump; one that comes twice fires the first time. Only a cron
expression that runs by the hour or more often follows the elapsed time instead, as Debian's cron has it: it leaves out
what the clock leaves out and repeats what the clock repeats.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Final

from domain.schedules.calendar import Calendar, dates_from
from domain.schedules.recurrence import Cron, Interval, Recurrence
from domain.shared.local_time import instant_of, instants_of, wall_at, wall_time, zone_named

# The wall times that match a cron expression, later than a wall time, in ascending order.
CronWalls = Callable[[str, datetime], Iterator[datetime]]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_INSTANT: Final = timedelta(microseconds=1)


def next_fire(recurrence: Recurrence, after: datetime, cron_walls: CronWalls) -> datetime | None:
    """The first time strictly later than `after`, in UTC; None when there is none in the calendar.

    A zone that is not known counts as UTC: names are checked where recurrences are read.
    """
    zone = zone_named(recurrence.timezone) or UTC
    try:
        begin = after.astimezone(UTC)
        if recurrence.starts_at is not None:
            begin = max(begin, recurrence.starts_at.astimezone(UTC) - _INSTANT)
        found = _next(recurrence, zone, begin, cron_walls)
    except OverflowError:  # The end of the calendar.
        return None
    return found if found is not None and (recurrence.ends_at is None or found <= recurrence.ends_at) else None


def _next(recurrence: Recurrence, zone: tzinfo, begin: datetime, cron_walls: CronWalls) -> datetime | None:
    anchor = (recurrence.starts_at or _EPOCH).astimezone(UTC)
    match recurrence.rule:
        case Interval(every=every):
            return anchor + max(0, (begin - anchor) // every + 1) * every
        case Calendar() as rule:
            walls = _calendar_walls(rule, wall_time(anchor, zone).date(), wall_time(begin, zone).date())
            return _first_once(walls, zone, begin)
        case Cron(follows_elapsed_time=True, expression=expression):
            return _first_elapsed(expression, zone, begin, cron_walls)
        case Cron(expression=expression):
            return _first_once(cron_walls(expression, wall_time(begin, zone)), zone, begin)


def _calendar_walls(rule: Calendar, anchor: date, day: date) -> Iterator[datetime]:
    return (wall_at(each, minutes) for each in dates_from(rule, anchor, day) for minutes in rule.times)


def _first_once(walls: Iterator[datetime], zone: tzinfo, begin: datetime) -> datetime | None:
    return next((instant for wall in walls if (instant := instant_of(wall, zone)) > begin), None)


def _first_elapsed(expression: str, zone: tzinfo, begin: datetime, cron_walls: CronWalls) -> datetime | None:
    """Where the clock is about to show the present hour again, what comes next may lie before it on the dial."""
    here = wall_time(begin, zone)
    shown = instants_of(here, zone)
    repeated = shown[-1] - shown[0]
    found = [
        _elapsed_from(cron_walls(expression, start), zone, begin) for start in dict.fromkeys((here, here - repeated))
    ]
    return min((instant for instant in found if instant is not None), default=None)


def _elapsed_from(walls: Iterator[datetime], zone: tzinfo, begin: datetime) -> datetime | None:
    return next((instant for wall in walls for instant in instants_of(wall, zone) if instant > begin), None)
