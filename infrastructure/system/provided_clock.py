"""A clock for what outlives an override."""

from collections.abc import Callable
from datetime import datetime

from application.ports.clock import Clock


class ProvidedClock(Clock):
    """Asks for the clock anew at each look: state that is made once follows whatever is bound at the moment."""

    def __init__(self, clock: Callable[[], Clock]) -> None:
        self._clock = clock

    def now(self) -> datetime:
        return self._clock().now()
