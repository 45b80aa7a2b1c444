"""What the relay of a process remembers between its rounds."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from application.jobs.held_lease import HeldLease
from application.relay.event_interest import EventInterest

LEASE = "relay"
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0


@dataclass(slots=True)
class _Trouble:
    failures: int = 0
    again_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Announced:
    """What was stored of the consumers' wishes, under which token of the lease: another relay has stored others."""

    token: int | None
    wanted: Mapping[str, frozenset[str]]


@dataclass(slots=True)
class RelayState:
    """The lease, what consumers want, and which are left alone for a while; there are as many as the container names.

    `interest` is that of the whole process.
    """

    lease: HeldLease = field(default_factory=lambda: HeldLease(LEASE))
    interest: EventInterest = field(default_factory=EventInterest)
    announced: Announced | None = None
    troubles: dict[str, _Trouble] = field(default_factory=dict)

    def ready(self, consumer: str) -> bool:
        """Whether it may be asked now."""
        trouble = self.troubles.get(consumer)
        return trouble is None or time.monotonic() >= trouble.again_at

    def failed(self, consumer: str) -> float:
        """Leave it alone: 0.5 s, then twice as long each time, 30 s at most. Returns the pause."""
        trouble = self.troubles.setdefault(consumer, _Trouble())
        pause = min(FIRST_PAUSE * 2.0 ** min(trouble.failures, 10), LONGEST_PAUSE)
        trouble.failures += 1
        trouble.again_at = time.monotonic() + pause
        return pause

    def served(self, consumer: str) -> None:
        """It took what it was offered."""
        self.troubles.pop(consumer, None)
