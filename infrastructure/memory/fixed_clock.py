"""Business time that a test moves."""

from datetime import UTC, datetime, timedelta

from application.ports.clock import Clock


class FixedClock(Clock):
    """Stands at `now`, which is aware, until it is advanced."""

    def __init__(self, now: datetime) -> None:
        if now.tzinfo is None:
            raise ValueError("a clock needs an aware time")
        self._now = now.astimezone(UTC)

    def now(self) -> datetime:
        return self._now

    def advance(self, seconds: float) -> None:
        """Move on; a negative number moves back, as a clock that is set does."""
        self._now += timedelta(seconds=seconds)
