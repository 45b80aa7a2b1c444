"""When something happens again and again."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from domain.schedules.calendar import Calendar

UTC_NAME: Final = "UTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cron:
    """Five fields: minute, hour, day of the month, month, day of the week. Days count when both day fields agree if
    one of them begins with a star, else when either does (Debian's cron).
    """

    expression: str

    @property
    def follows_elapsed_time(self) -> bool:
        """Whether it runs by the hour or more often: each time that the clock shows a time asked for, a repeated hour
        included. One with set hours and minutes runs once for each of them.
        """
        minute, hour, *_ = (*self.expression.split(), "", "")
        return minute.startswith("*") or hour.startswith("*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """Each so much elapsed time, counted from the start: what clocks are set to does not matter."""

    every: timedelta


Rule = Cron | Interval | Calendar


@dataclass(frozen=True, slots=True, kw_only=True)
class Recurrence:
    """A rule, in the wall time of an IANA zone, that holds from `starts_at` to `ends_at`, both included.

    Intervals, and calendars of each second week or so, count from `starts_at`; without it from 1970, so that they are
    the same whoever asks. `count` is how often it may fire: whoever stores what fires counts, and asks `spent`.
    """

    rule: Rule
    timezone: str = UTC_NAME
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    count: int | None = None

    def starting(self, moment: datetime) -> "Recurrence":
        """The same one, starting at `moment` unless it says when it starts."""
        return self if self.starts_at is not None else replace(self, starts_at=moment)

    def spent(self, fired: int) -> bool:
        """Whether it has fired as often as it may."""
        return self.count is not None and fired >= self.count
