"""A machine whose clock is wrong.

    shift(container, file)                          # in the process, when it starts
    Shift(file).set(timedelta(hours=1))             # in the test, when it is time

Business time alone is shifted, which is all that a process knows of its machine's clock but for durations.
"""

from datetime import datetime, timedelta
from pathlib import Path

from dependency_injector import providers

from application.ports.clock import Clock
from container import Container
from infrastructure.system.clock import SystemClock


class Shift:
    """A file that says by how much; without it the clock is right."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def set(self, by: timedelta) -> None:
        """From now on, in every process that looks at the file."""
        complete = self.file.with_suffix(".new")
        complete.write_text(str(by.total_seconds()))
        complete.rename(self.file)

    def get(self) -> timedelta:
        """By how much it is wrong now."""
        return timedelta(seconds=float(self.file.read_text())) if self.file.exists() else timedelta()


class ShiftedClock(Clock):
    """Tells another time than it is."""

    def __init__(self, inner: Clock, shift: Shift) -> None:
        self._inner = inner
        self._shift = shift

    def now(self) -> datetime:
        return self._inner.now() + self._shift.get()


def shift(container: Container, file: Path) -> None:
    """Give the container's process a clock that is wrong by as much as the file says."""
    container.clock.override(providers.Factory(ShiftedClock, providers.Factory(SystemClock), Shift(file)))
