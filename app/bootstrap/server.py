"""The HTTP server of this process."""

import asyncio
import socket
import sys
from collections.abc import Callable, Sequence

import uvicorn
import uvloop

from app.bootstrap.banner import banner, credentials
from app.bootstrap.bounded_head import BoundedHeadProtocol
from app.bootstrap.http import create_app
from app.bootstrap.installation import install
from app.bootstrap.lifespan import Startable
from app.bootstrap.listening import address_of, listening
from app.bootstrap.processes.child import Child
from app.bootstrap.signals import orderly_end
from container import Container

# What is waiting to be accepted while a process is busy: a reconnecting crowd should queue, not be refused.
BACKLOG = 2_048
KEEP_ALIVE_SECONDS = 75


class AnnouncingServer(uvicorn.Server):
    """Says where to look once the socket is open: before, the address would be a promise."""

    def __init__(self, config: uvicorn.Config, announce: Callable[[str], None]) -> None:
        super().__init__(config)
        self._announce = announce

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if not self.should_exit and self.servers and self.servers[0].sockets:
            self._announce(address_of(self.servers[0].sockets[0]))


def run_server(container: Container, *, everything: bool) -> int:
    """Serve until told to end; 0 after an orderly end.

    Raises `AddressTaken` before anything is stored or told: a second process must not install for the first.
    """
    app = container.settings().app
    with (
        listening(app.host, app.port, BACKLOG) as sockets,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        return runner.run(_serve(container, sockets, everything=everything))


def run_child_server(container: Container, child: Child, *, everything: bool) -> int:
    """The same for one of several processes, whose parent has prepared everything and tells where to look."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_listen(container, child.sockets, lambda _: child.ready(), [child], everything=everything))


async def _serve(container: Container, sockets: Sequence[socket.socket], *, everything: bool) -> int:
    settings = container.settings()
    # At once: should the rest of the start fail, nobody could read them any more.
    _print(credentials(await install(container)))
    return await _listen(
        container,
        sockets,
        lambda address: _print(banner(settings, address, everything=everything)),
        everything=everything,
    )


async def _listen(
    container: Container,
    sockets: Sequence[socket.socket],
    announce: Callable[[str], None],
    beside: Sequence[Startable] = (),
    *,
    everything: bool,
) -> int:
    parts = container.lifecycle() if everything else container.api_lifecycle()
    server = AnnouncingServer(_config(container, [*parts, *beside]), announce)
    with orderly_end():
        await server.serve(list(sockets))
    return 0 if server.started else 1


def _config(container: Container, parts: Sequence[Startable]) -> uvicorn.Config:
    settings = container.settings()
    return uvicorn.Config(
        create_app(container, parts),
        http=BoundedHeadProtocol,
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=int(settings.app.shutdown_timeout),
        # Logging and the address of the peer are the application's own business.
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        lifespan="on",
    )


def _print(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
