"""Randomness for spreading load; never for secrets."""

from typing import Protocol


class Jitter(Protocol):
    """Spreads delays so that clients and retries do not march in step."""

    def spread(self, value: float, ratio: float) -> float:
        """A value drawn uniformly from `value ± value × ratio`."""
        ...
