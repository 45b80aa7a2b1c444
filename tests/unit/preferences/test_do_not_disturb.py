"""Being left alone once, and the quiet hours after it."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.preferences.do_not_disturb import DoNotDisturb, held_until
from domain.preferences.quiet_hours import WEEKDAYS, QuietHours, QuietInterval

NIGHTS = QuietHours(weekly=dict.fromkeys(WEEKDAYS, (QuietInterval(start=22 * 60, end=7 * 60),)))
ALWAYS = QuietHours(weekly=dict.fromkeys(WEEKDAYS, (QuietInterval(start=0, end=1_440),)))
WEEK = timedelta(days=7)


def june(day: int, hour: int) -> datetime:
    return datetime(2026, 6, day, hour, tzinfo=UTC)


@pytest.mark.parametrize(
    ("until", "now", "free"),
    [
        (None, june(1, 12), None),
        (None, june(1, 23), june(2, 7)),
        (june(1, 15), june(1, 12), june(1, 15)),
        (june(1, 15), june(1, 15), None),
        (june(1, 12), june(1, 15), None),
        (june(1, 22), june(1, 12), june(2, 7)),
        (june(2, 3), june(1, 23), june(2, 7)),
        (june(2, 9), june(1, 23), june(2, 9)),
        (june(1, 12), june(1, 23), june(2, 7)),
    ],
)
def test_message_waits_for_both_when_one_leads_into_the_other(
    until: datetime | None, now: datetime, free: datetime | None
) -> None:
    alone = DoNotDisturb(until=until) if until else None

    assert held_until(alone, NIGHTS, UTC, now) == free


def test_nothing_waits_when_neither_is_set() -> None:
    assert held_until(None, None, UTC, june(1, 23)) is None


def test_week_of_quiet_begins_after_do_not_disturb_when_both_hold() -> None:
    alone = DoNotDisturb(until=june(10, 0))

    assert held_until(alone, ALWAYS, UTC, june(1, 0)) == june(10, 0) + WEEK
    assert held_until(alone, ALWAYS, UTC, june(12, 0), waiting_since=june(1, 0)) == june(10, 0) + WEEK
    assert held_until(alone, ALWAYS, UTC, june(17, 0), waiting_since=june(1, 0)) is None
    assert held_until(alone, ALWAYS, UTC, june(12, 0), waiting_since=june(11, 0)) == june(11, 0) + WEEK
