"""Whether anybody subscribes to a type of events."""

import time
from collections.abc import Callable, Collection

from application.ports.message_broker import fits

# How late a process may notice that somebody subscribed, or that nobody does any more.
KNOWN_SECONDS = 2.0


class EventInterest:
    """What this process knows of the patterns that the relay has stored, for two seconds at most."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._patterns: frozenset[str] = frozenset()
        self._known_until = 0.0
        self._wanted: dict[str, bool] = {}

    @property
    def fresh(self) -> bool:
        """Whether what is known here may still be used; else `learn` first."""
        return self._now() < self._known_until

    def learn(self, patterns: Collection[str]) -> None:
        """These patterns were stored a moment ago."""
        self._known_until = self._now() + KNOWN_SECONDS
        if self._patterns != frozenset(patterns):
            self._patterns = frozenset(patterns)
            self._wanted.clear()

    def expire(self) -> None:
        """Something else may be stored by now."""
        self._known_until = 0.0

    def wants(self, event_type: str) -> bool:
        """Whether the type fits any of the patterns."""
        if event_type not in self._wanted:
            self._wanted[event_type] = any(fits(pattern, event_type) for pattern in self._patterns)
        return self._wanted[event_type]
