"""What a process answers about itself that has no HTTP server for others: `/health` and `/metrics`."""

import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Final

import uvicorn

from app.bootstrap.bounded_head import BoundedHeadProtocol
from app.bootstrap.http import create_operations_app
from app.bootstrap.listening import listening
from application.jobs.background import Background
from container import Container

BACKLOG: Final = 64
# A probe or a scrape that is being answered; nobody else calls.
LAST_ANSWERS_SECONDS: Final = 1


@contextmanager
def operations_sockets(container: Container) -> Iterator[Sequence[socket.socket]]:
    """Those of METRICS_PORT, none where it is not set.

    Raises `AddressTaken`: of several processes on one machine each needs a port of its own.
    """
    settings = container.settings()
    if settings.metrics.port == 0:
        yield ()
        return
    with listening(settings.app.host, settings.metrics.port, BACKLOG, key="METRICS_PORT") as sockets:
        yield sockets


class OperationsListener:
    """Serves on `sockets` from `start` to `stop`; does nothing without any."""

    def __init__(self, container: Container, sockets: Sequence[socket.socket]) -> None:
        self._server = _QuietServer(
            uvicorn.Config(
                create_operations_app(container),
                http=BoundedHeadProtocol,
                timeout_graceful_shutdown=LAST_ANSWERS_SECONDS,
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                lifespan="off",
            )
        )
        self._sockets = sockets
        serve = partial(self._server.serve, list(sockets))
        self._background = Background("operations", serve, container.supervisor())

    async def start(self) -> None:
        """Begin; who calls before the first answer waits."""
        if self._sockets:
            self._background.start()

    async def stop(self) -> None:
        """Answer what was asked, and end."""
        self._server.should_exit = True
        await self._background.ended()


class _QuietServer(uvicorn.Server):
    """Leaves signals to the process, which has its own way to end."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
