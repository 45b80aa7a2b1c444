"""What the clocks of a zone show, and when.

Once or twice a year most of them jump: some wall times then never come, others come twice.
"""

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

MINUTES_A_DAY: Final = 1_440

_TIME_OF_DAY: Final = re.compile(r"(?:([01][0-9]|2[0-3]):([0-5][0-9]))|24:00", re.ASCII)
# Names that a machine's database holds beside the IANA zones: with leap seconds, or meaning the machine's own zone.
_NO_ZONES: Final = ("posix/", "right/", "posixrules", "localtime")
_SECOND: Final = timedelta(seconds=1)


def zone_named(name: str) -> ZoneInfo | None:
    """The IANA zone of that name, spelled as IANA does; None when there is none."""
    if name.startswith(_NO_ZONES) or not name.isascii():
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: `Europe` is a folder, and some are too long.
        return None


def wall_time(instant: datetime, zone: tzinfo) -> datetime:
    """What a clock in the zone shows at an instant: a datetime without zone."""
    return instant.astimezone(zone).replace(tzinfo=None, fold=0)


def instant_of(wall: datetime, zone: tzinfo) -> datetime:
    """When a clock in the zone shows `wall` (without zone), in UTC.

    The first time where the wall time comes twice; where the clock jumps over it, the moment of the jump. So of two
    wall times the later one never comes before the earlier one. Raises `OverflowError` at the ends of the calendar.
    """
    instant = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if wall_time(instant, zone) == wall:
        return instant
    return _jump(wall.replace(tzinfo=zone, fold=1).astimezone(UTC), instant, zone)


def instants_of(wall: datetime, zone: tzinfo) -> tuple[datetime, ...]:
    """Every instant, in UTC, at which a clock in the zone shows `wall`: none, one or two, the first one first."""
    both = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    return tuple(dict.fromkeys(instant for instant in both if wall_time(instant, zone) == wall))


def _jump(before: datetime, after: datetime, zone: tzinfo) -> datetime:
    """The first second, later than `before` and at latest `after`, that has the offset of `after`."""
    offset = after.astimezone(zone).utcoffset()
    low, high = 0, -(-(after - before) // _SECOND)
    while high - low > 1:
        middle = (low + high) // 2
        if (before + middle * _SECOND).astimezone(zone).utcoffset() == offset:
            high = middle
        else:
            low = middle
    return (before + high * _SECOND).replace(microsecond=0)


def read_time_of_day(text: str) -> int | None:
    """Minutes since midnight of a `09:30`, 1,440 for `24:00`; None for any other text."""
    match = _TIME_OF_DAY.fullmatch(text)
    if match is None:
        return None
    hours, minutes = match.groups()
    return MINUTES_A_DAY if hours is None else int(hours) * 60 + int(minutes)


def time_of_day_text(minutes: int) -> str:
    """Minutes since midnight as `read_time_of_day` reads them."""
    return f"{minutes // 60:02}:{minutes % 60:02}"


def wall_at(day: date, minutes: int) -> datetime:
    """The wall time so many minutes after the midnight that begins a day; 1,440 is the next midnight."""
    return datetime.combine(day, time.min) + timedelta(minutes=minutes)
