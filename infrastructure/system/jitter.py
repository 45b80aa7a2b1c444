"""Randomness for spreading load."""

import random

from application.ports.jitter import Jitter


class RandomJitter(Jitter):
    """Uniform, from the interpreter's generator: predictable, hence not for secrets."""

    def spread(self, value: float, ratio: float) -> float:
        return random.uniform(value - value * ratio, value + value * ratio)
