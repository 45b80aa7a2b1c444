"""Delays that a test can foresee."""

from application.ports.jitter import Jitter


class NoJitter(Jitter):
    """Gives every value back."""

    def spread(self, value: float, ratio: float) -> float:
        return value
