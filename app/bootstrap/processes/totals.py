"""The numbers of several processes, as if they were one."""

import asyncio
from collections.abc import Callable
from typing import Final

from app.bootstrap.processes.line import Line
from domain.shared.errors import Unavailable
from infrastructure.observability.added_metrics import added_up

# More than a process takes to measure itself: who does not answer by then is told about as it was.
LOOK_SECONDS: Final = 3.0


class Totals:
    """Adds up what each process tells; `own` are the numbers of this one.

    No counter ever goes down, or a collector would take what is left for new: what a process had told last stays when
    it is gone, and when it does not answer. What it counted after its last answer and before its death is lost.
    """

    def __init__(self, own: Callable[[], str]) -> None:
        self._own = own
        self._past = ""
        self._told: dict[Line, str] = {}
        self._looking = asyncio.Lock()

    def join(self, line: Line) -> None:
        """Somebody to ask."""
        self._told[line] = ""

    def leave(self, line: Line) -> None:
        """Nobody to ask any more."""
        if last := self._told.pop(line, ""):
            self._past = added_up([self._past, last], levels=False)

    async def __call__(self) -> str:
        """The sum, in the text format of Prometheus."""
        async with self._looking:
            await asyncio.gather(*(self._look(line) for line in list(self._told)))
        return added_up([self._own(), self._past, *self._told.values()])

    async def _look(self, line: Line) -> None:
        try:
            told = await line.ask(LOOK_SECONDS)
        except Unavailable:
            return
        if line in self._told:
            self._told[line] = told
