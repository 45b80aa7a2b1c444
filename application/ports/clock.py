"""Business time."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Wall-clock time for rules that people read: `sendAt`, `expiresAt`, token lifetimes, display times.

    Never used for leases, due times or ticks: those compare against the store's own clock (see `UnitOfWork`).
    """

    def now(self) -> datetime:
        """The current instant, aware, in UTC."""
        ...
