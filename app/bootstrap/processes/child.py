"""One of several processes under a parent, from its own side."""

import os
import signal
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from dependency_injector import providers

from app.bootstrap.processes.line import Line
from application.jobs.background import Background
from container import Container

# The parent asks all of its children, and waits for each as long as `totals.LOOK_SECONDS`.
SUM_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Inherited:
    """What a parent leaves open for a child: their connection, and the sockets that the child serves."""

    line: socket.socket
    sockets: Sequence[socket.socket]

    @classmethod
    def of(cls, descriptors: Sequence[int]) -> "Inherited":
        """From their numbers, the connection first."""
        line, *sockets = (socket.socket(fileno=each) for each in descriptors)
        return cls(line=line, sockets=sockets)


class Child:
    """A part of the process, started after the others: tells the parent when the process is ready, and its numbers.

    Within it `/metrics` answers for all the processes of the parent. When the parent is gone the process ends in order:
    nobody would start it again, and the port would be taken.
    """

    def __init__(self, container: Container, inherited: Inherited) -> None:
        self.sockets = inherited.sockets
        self._end = inherited.line
        self._line = Line(container.export_metrics())
        self._background = Background("parent", self._follow, container.supervisor())
        container.export_metrics.override(providers.Object(self._sum))

    async def start(self) -> None:
        """Begin to listen to the parent."""
        await self._line.open(self._end)
        self._background.start()

    async def stop(self) -> None:
        """Hang up."""
        await self._background.stop()

    def ready(self) -> None:
        """Tell the parent that this process serves."""
        self._line.ready()

    async def _sum(self) -> str:
        return await self._line.ask(SUM_SECONDS)

    async def _follow(self) -> None:
        await self._line.run()
        os.kill(os.getpid(), signal.SIGTERM)
