"""At most so many messages in so long a time."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class ThrottleSettings:
    """What a throttle step says: at most `limit` (1 or more) in each `window`; `key` is a template: only runs with
    equal keys are counted together.
    """

    limit: int
    window: timedelta
    key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ThrottleWindow:
    """What is stored of a step, a subscriber and a key: when the window began, and how many it let through."""

    started_at: datetime
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ThrottleDecision:
    """Whether a run goes on; `window` is what to store, the same object when nothing has changed. From `resets_at` on
    a new window begins with the next run that comes.
    """

    allowed: bool
    window: ThrottleWindow
    resets_at: datetime


def throttle(settings: ThrottleSettings, stored: ThrottleWindow | None, now: datetime) -> ThrottleDecision:
    """Count a run that comes now: a window begins with the first run after the last window's end, so that no more
    than `limit` follow a quiet time, and no more than twice as many lie in any time as long as a window.
    """
    if stored is None or now >= stored.started_at + settings.window:
        return _decided(settings, ThrottleWindow(started_at=now, count=1), allowed=True)
    if stored.count >= settings.limit:
        return _decided(settings, stored, allowed=False)
    return _decided(settings, replace(stored, count=stored.count + 1), allowed=True)


def _decided(settings: ThrottleSettings, window: ThrottleWindow, *, allowed: bool) -> ThrottleDecision:
    return ThrottleDecision(allowed=allowed, window=window, resets_at=window.started_at + settings.window)
