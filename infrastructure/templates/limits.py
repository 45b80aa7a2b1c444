"""How much one template may use."""

import time
from collections.abc import Callable
from typing import Final

from application.ports.templates import MAX_TEMPLATE_BYTES

CPU_SECONDS: Final = 0.2
# Of a check, which reads every text of a source at once; each of them alone has the time of a job.
CHECK_SECONDS: Final = 1.0
# Of all fields of one job together.
MAX_TOTAL: Final = 4 * MAX_TEMPLATE_BYTES
# Of each text that a filter makes on the way, in characters.
MAX_VALUE: Final = MAX_TEMPLATE_BYTES
MAX_ITERATIONS: Final = 10_000
MAX_LOCALS: Final = 1024 * 1024
MAX_INTEGER_BITS: Final = 4_096
MAX_CONTEXTS: Final = 24
TIMEOUT_MESSAGE: Final = "takes longer than a template may"
MEMORY_MESSAGE: Final = "takes more memory than a template may"
# Reading the clock of a thread is a call of the system; so many steps take less than a millisecond.
_STEPS_BETWEEN_LOOKS: Final = 32


class OutOfTime(BaseException):
    """The CPU time of a job is used up.

    No `Exception`: the library makes an error of syntax out of any that a parse raises.
    """


class CpuBudget:
    """CPU seconds of the current thread, asked after at every step of parsing and rendering."""

    def __init__(self, seconds: float, *, clock: Callable[[], float] = time.thread_time) -> None:
        self._seconds = seconds
        self._clock = clock
        self._until = float("inf")
        self._steps = 0

    def restart(self) -> None:
        """Give the whole of it to what comes now."""
        self._until = self._clock() + self._seconds

    def step(self) -> None:
        """Raise `OutOfTime` when nothing is left; looks at the clock now and then only."""
        self._steps += 1
        if self._steps % _STEPS_BETWEEN_LOOKS == 0 and self._clock() > self._until:
            raise OutOfTime
