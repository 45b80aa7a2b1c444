"""Many events as one message: when a digest opens, when it closes, and what its templates see."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from domain.shared.json import JsonObject
from domain.shared.moment import wire_time

MAX_ITEMS: Final = 100

# The next closing moment after a moment, by the step's cron line in the zone that it names; None when there is none.
NextAfter = Callable[[datetime], datetime | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestSettings:
    """What a digest step says. `cron`, in `timezone` ("subscriber" or an IANA name), comes before `window`; `key` is a
    template: events with equal keys belong together.
    """

    window: timedelta | None = None
    cron: str | None = None
    timezone: str | None = None
    key: str | None = None
    look_back: timedelta | None = None
    max_items: int = MAX_ITEMS

    def closing(self, now: datetime, next_after: NextAfter) -> datetime | None:
        """When a window that opens now closes; None when it never would."""
        if self.cron is not None:
            return next_after(now)
        return None if self.window is None else now + self.window


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestWindow:
    """What is stored of a step, a subscriber and a key: the window that is open, or the last one that was.

    An event that was sent on at once is a window that closed when it opened.
    """

    first_at: datetime
    last_at: datetime
    closes_at: datetime
    count: int = 1

    def open_at(self, now: datetime) -> bool:
        """Whether an event that comes now still belongs to it; at its closing moment it does not."""
        return now < self.closes_at


class DigestAction(StrEnum):
    """What becomes of the run that an event started."""

    SEND = "send"  # Goes on at once, alone.
    OPEN = "open"  # Waits until the window closes, and goes on for all that came until then.
    JOIN = "join"  # Ends here: its event is in the window of another run.


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestDecision:
    """What to do with an event, and the window to store in the place of the one that was given."""

    action: DigestAction
    window: DigestWindow


def digest(
    settings: DigestSettings, stored: DigestWindow | None, now: datetime, next_after: NextAfter
) -> DigestDecision:
    """Where an event that comes now belongs.

    With `look_back`, one that nothing preceded within that time is sent at once, and only a flood is gathered. What no
    window would ever close is sent at once, too: late is worse than often.
    """
    if stored is not None and stored.open_at(now):
        last_at = max(stored.last_at, now)
        return DigestDecision(action=DigestAction.JOIN, window=replace(stored, last_at=last_at, count=stored.count + 1))
    closes_at = None if _is_alone(settings, stored, now) else settings.closing(now, next_after)
    if closes_at is None or closes_at <= now:
        return DigestDecision(action=DigestAction.SEND, window=DigestWindow(first_at=now, last_at=now, closes_at=now))
    return DigestDecision(action=DigestAction.OPEN, window=DigestWindow(first_at=now, last_at=now, closes_at=closes_at))


def _is_alone(settings: DigestSettings, stored: DigestWindow | None, now: datetime) -> bool:
    if settings.look_back is None:
        return False
    return stored is None or now - stored.last_at >= settings.look_back


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestView:
    """The digest as templates and conditions see it: how many came, and the payloads of the first of them."""

    count: int
    items: tuple[JsonObject, ...]
    first_at: datetime
    last_at: datetime

    @classmethod
    def of(cls, window: DigestWindow, payloads: Sequence[JsonObject], settings: DigestSettings) -> "DigestView":
        """Of payloads in the order they came; those beyond `max_items` are counted and not shown."""
        return cls(
            count=max(window.count, len(payloads)),
            items=tuple(payloads[: settings.max_items]),
            first_at=window.first_at,
            last_at=window.last_at,
        )

    def as_json(self) -> JsonObject:
        """In wire spelling."""
        return {
            "count": self.count,
            "items": list(self.items),
            "firstAt": wire_time(self.first_at),
            "lastAt": wire_time(self.last_at),
        }
