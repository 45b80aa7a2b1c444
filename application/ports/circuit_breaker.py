"""Leaving a failing provider alone for a while."""

# One adapter: what a process learns of a provider it keeps; a shared memory would share mistakes, too.

from enum import StrEnum
from typing import Protocol


class Circuit(StrEnum):
    """What a try would meet."""

    CLOSED = "closed"
    PROBE_DUE = "probe_due"
    OPEN = "open"


class CircuitBreaker(Protocol):
    """Per name. Opens after a run of failures, lets one probe through after a pause, closes on its success."""

    def allows(self, name: str) -> bool:
        """Whether to try now; True for exactly one caller when a probe is due."""
        ...

    def circuit(self, name: str) -> Circuit:
        """How it stands; to look changes nothing, and takes nobody's probe."""
        ...

    def record(self, name: str, ok: bool) -> None:
        """What a permitted try came to."""
        ...
