"""Hours of the week in which somebody wants to be left alone."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from typing import Final

from domain.preferences.hold import DEFAULT_HOLD, Hold
from domain.shared.local_time import MINUTES_A_DAY, instant_of, wall_at, wall_time, zone_named

WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
# Of one message: whoever is quiet all week still hears it within a week.
LONGEST_HOLD: Final = timedelta(days=7)

_A_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietInterval:
    """Minutes since the midnight of its weekday, the end excluded; one that does not end after its start runs into
    the next day.
    """

    start: int
    end: int

    @property
    def length_end(self) -> int:
        """The end in minutes since the same midnight as the start."""
        return self.end if self.end > self.start else self.end + MINUTES_A_DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietHours:
    """By weekday (`monday`, …), in the zone of that name or, where there is none, in the subscriber's."""

    enabled: bool = True
    timezone: str | None = None
    weekly: Mapping[str, tuple[QuietInterval, ...]] = field(default_factory=dict)
    hold: Hold = DEFAULT_HOLD

    def zone(self, subscriber: tzinfo) -> tzinfo:
        """The zone whose clocks count, given the subscriber's."""
        return (zone_named(self.timezone) if self.timezone else None) or subscriber


def quiet_until(
    schedule: QuietHours, zone: tzinfo, now: datetime, *, waiting_since: datetime | None = None
) -> datetime | None:
    """When the quiet time that `now` lies in ends, in UTC; None when `now` is not quiet. `zone` is the subscriber's.

    Times that meet or overlap are one. They begin and end when the clock of the zone shows it: the first time where
    that comes twice, at the jump where the clock leaves it out. The answer is at most 7 days after `waiting_since`,
    the moment that a message began to wait (now, when None), and None from then on: a week that is quiet throughout
    delays a message by a week and loses none.
    """
    if not schedule.enabled or not schedule.weekly:
        return None
    until = now
    for start, end in _intervals(schedule, schedule.zone(zone), now):
        if start <= until < end:
            until = end
    until = min(until, (waiting_since or now) + LONGEST_HOLD)
    return until if until > now else None


def _intervals(schedule: QuietHours, zone: tzinfo, now: datetime) -> Iterator[tuple[datetime, datetime]]:
    """What can be quiet from now on for a week, by its start: yesterday's may run into today."""
    today = wall_time(now, zone).date()
    for days in range(-1, LONGEST_HOLD.days + 1):
        day = today + days * _A_DAY
        for each in sorted(schedule.weekly.get(WEEKDAYS[day.weekday()], ()), key=lambda interval: interval.start):
            yield instant_of(wall_at(day, each.start), zone), instant_of(wall_at(day, each.length_end), zone)
