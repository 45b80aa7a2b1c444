"""The processes without an HTTP server."""

import asyncio
import socket
import sys
from collections.abc import Callable, Sequence
from functools import partial

import uvloop

from app.bootstrap.banner import credentials, ready_line
from app.bootstrap.installation import install
from app.bootstrap.lifespan import Startable, running
from app.bootstrap.operations import OperationsListener, operations_sockets
from app.bootstrap.processes.child import Child
from app.worker.main import run_worker, told_to_end
from container import Container


def run_workers(container: Container, part: str) -> int:
    """Work as `worker` or `scheduler` until told to end; 0 after an orderly end.

    Raises `AddressTaken` before anything is stored or told.
    """
    with (
        operations_sockets(container) as sockets,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        return runner.run(_run(container, part, sockets))


def run_child_worker(container: Container, child: Child) -> int:
    """One of several workers, whose parent has prepared everything."""
    listener = OperationsListener(container, child.sockets)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_work(container, child.ready, [listener, child]))
    return 0


async def _run(container: Container, part: str, sockets: Sequence[socket.socket]) -> int:
    # Who starts first migrates: on one machine there is no order between its processes.
    _print(credentials(await install(container)))
    listener = OperationsListener(container, sockets)
    if part == "worker":
        await _work(container, partial(_print, ready_line(part)), [listener])
        return 0
    with told_to_end() as told:
        parts = [*container.scheduler_lifecycle(), listener]
        stop_timeout = container.settings().app.shutdown_timeout
        async with running(parts, log=container.log(), stop_timeout=stop_timeout):
            _print(ready_line(part))
            await told.wait()
    return 0


async def _work(container: Container, ready: Callable[[], object], beside: Sequence[Startable]) -> None:
    stop_timeout = container.settings().app.shutdown_timeout
    await run_worker(container, stop_timeout=stop_timeout, ready=ready, beside=beside)


def _print(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
