"""Business time from the machine."""

from datetime import UTC, datetime

from application.ports.clock import Clock
from domain.shared.moment import whole_milliseconds


class SystemClock(Clock):
    """The machine's clock, which may step. In whole milliseconds: stores keep no more, and what was answered at once
    must not differ from what is read back.
    """

    def now(self) -> datetime:
        return whole_milliseconds(datetime.now(UTC))
