"""Several processes of one kind under one parent, which prepares for all of them and keeps them running."""

import asyncio
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Final

import uvloop

from app.bootstrap import operations, server
from app.bootstrap.banner import banner, credentials, ready_line
from app.bootstrap.installation import install
from app.bootstrap.listening import address_of
from app.bootstrap.processes.member import FAILED_STARTS, Life, Member, command_of
from app.bootstrap.processes.places import Place, listening_places
from app.bootstrap.processes.totals import Totals
from app.bootstrap.signals import SIGNALS, on_hangup
from container import Container

# Beyond what a process allows itself to end: first for its requests, then for its parts.
GRACE_SECONDS: Final = 5.0
ORDERLY: Final = frozenset({0, -signal.SIGTERM, -signal.SIGINT})


def run_processes(container: Container, part: str, arguments: Sequence[str] = ()) -> int:
    """Keep as many processes of this part running as the settings say, until told to end; 0 after an orderly end.

    Everything that is done once is done here: the port is taken, the schema migrated, an empty database filled; and
    where to look is told when all of them are ready. Raises `AddressTaken` before any of it.
    """
    with _places(container, part) as places, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_run(container, part, arguments, places))


async def _run(container: Container, part: str, arguments: Sequence[str], places: Sequence[Place]) -> int:
    try:
        _print(credentials(await install(container)))
    finally:
        for state in (container.engines(), container.password_threads()):
            await state.stop()
    parent = Parent(container, part, command_of(part, arguments), places)
    return await parent.run(lambda: _print(_announcement(container, part, places)))


class Parent:
    """Ends when its processes have: they were told to, or one of them did not get ready."""

    def __init__(self, container: Container, part: str, command: Sequence[str], places: Sequence[Place]) -> None:
        self._part = part
        self._metrics = container.metrics()
        self._patience = 2 * container.settings().app.shutdown_timeout + GRACE_SECONDS
        self._code = 0
        self._ending = False
        totals = Totals(self._numbers)
        self._members = [Member(command, place, totals, metrics=self._metrics, log=container.log()) for place in places]

    async def run(self, announce: Callable[[], None]) -> int:
        """The exit code. SIGTERM and SIGINT end all processes in order; SIGHUP goes to each of them."""
        loop = asyncio.get_running_loop()
        for number in SIGNALS:
            loop.add_signal_handler(number, self._end, number)
        with on_hangup(partial(loop.call_soon_threadsafe, self._reload)):
            async with asyncio.TaskGroup() as group:
                announcing = group.create_task(self._announce(announce))
                await asyncio.gather(*(self._keep(member) for member in self._members))
                announcing.cancel()
        return self._code

    async def _announce(self, announce: Callable[[], None]) -> None:
        for member in self._members:
            await member.is_ready.wait()
        announce()

    async def _keep(self, member: Member) -> None:
        last = await member.run()
        if last is not None and not self._ending:
            self._give_up(last)
        elif last is not None and last.code not in ORDERLY:
            self._code = self._code or 1

    def _give_up(self, last: Life) -> None:
        story = f"a process ended {FAILED_STARTS} times before it was ready, the last time with {last.code}"
        sys.stderr.write(f"{self._part}: {story}; giving up\n")
        self._code = max(last.code, 1)
        self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> None:
        if not self._ending:
            asyncio.get_running_loop().call_later(self._patience, self._kill)
        self._ending = True
        for member in self._members:
            member.stop(number)

    def _kill(self) -> None:
        for member in self._members:
            member.kill()

    def _reload(self) -> None:
        for member in self._members:
            member.reload()

    def _numbers(self) -> str:
        self._metrics.gauge("child_processes", sum(member.is_ready.is_set() for member in self._members))
        return str(self._metrics.exposition())


@contextmanager
def _places(container: Container, part: str) -> Iterator[Sequence[Place]]:
    settings = container.settings()
    host, count = settings.app.host, settings.app.processes
    if part != "worker":
        with listening_places(host, settings.app.port, count, server.BACKLOG, key="APP_PORT") as places:
            yield places
    elif settings.metrics.port:
        backlog = operations.BACKLOG
        with listening_places(host, settings.metrics.port, count, backlog, key="METRICS_PORT") as places:
            yield places
    else:
        yield [()] * count


def _announcement(container: Container, part: str, places: Sequence[Place]) -> str:
    if part == "worker":
        return ready_line(part)
    return banner(container.settings(), address_of(places[0][0]), everything=part == "all")


def _print(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
