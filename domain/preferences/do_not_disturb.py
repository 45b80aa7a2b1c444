"""Being left alone once, until a moment; and how that goes together with the quiet hours."""

from dataclasses import dataclass
from datetime import datetime, tzinfo

from domain.preferences.hold import DEFAULT_HOLD, Hold
from domain.preferences.quiet_hours import QuietHours, quiet_until


@dataclass(frozen=True, slots=True, kw_only=True)
class DoNotDisturb:
    """Ends by itself: from `until` on it is as if it had never been set."""

    until: datetime
    hold: Hold = DEFAULT_HOLD


def held_until(
    do_not_disturb: DoNotDisturb | None,
    quiet_hours: QuietHours | None,
    zone: tzinfo,
    now: datetime,
    *,
    waiting_since: datetime | None = None,
) -> datetime | None:
    """The first moment, in UTC, from which neither holds a message back; None when that is now.

    Whoever asks has made sure that both hold the channel (`Hold.keeps`), and hands in None for the one that does not.
    `waiting_since` is the moment the message began to wait. The seven days that quiet hours may take of it begin when
    it no longer waits for anything else.
    """
    begun, free = waiting_since or now, now
    if do_not_disturb is not None:
        begun, free = max(begun, do_not_disturb.until), max(free, do_not_disturb.until)
    if quiet_hours is not None:
        free = quiet_until(quiet_hours, zone, free, waiting_since=begun) or free
    return free if free > now else None
