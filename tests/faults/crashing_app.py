"""Carillon with a fault in it: `python -m tests.faults.crashing_app <part> …`, a process as `python -m app` makes it.

serve --crash "before wake-up" --nth 2
worker --poison "Drink me"
all --witness stopped.txt
worker --clock shift.txt
serve --tasks tasks.txt
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from dependency_injector import providers

from app.bootstrap.container import build_container
from app.bootstrap.env import read_settings
from app.bootstrap.logging import configure_logging
from app.bootstrap.server import run_server
from app.bootstrap.workers import run_workers
from container import Container
from tests.faults.crash_points import Trap, lay, poison_by
from tests.faults.shifted_clock import shift
from tests.faults.vitals import TaskTeller


class Witness:
    """Started before everything else and stopped after it; writes down that it was."""

    def __init__(self, file: Path) -> None:
        self._file = file

    async def start(self) -> None:
        """Nothing."""

    async def stop(self) -> None:
        """Everything that stands on it was stopped."""
        self._file.write_text("stopped\n")


def main(arguments: Sequence[str]) -> int:
    """One part with the faults that were asked for; the exit code of the part."""
    chosen = _parser().parse_args(arguments)
    settings = read_settings(several_processes=chosen.part != "all")
    logging = configure_logging(settings.log, settings.app.env)
    try:
        container = build_container(settings)
        _spoil(container, chosen)
        if chosen.part in ("worker", "scheduler"):
            return run_workers(container, chosen.part)
        return run_server(container, everything=chosen.part == "all")
    finally:
        logging.stop()


def _spoil(container: Container, chosen: argparse.Namespace) -> None:
    if chosen.trap is not None:
        lay(Trap(Path(chosen.trap)), container)
    if chosen.poison is not None:
        poison_by(container, chosen.poison)
    if chosen.clock is not None:
        shift(container, Path(chosen.clock))
    if chosen.witness is not None:
        witness = providers.Object(Witness(Path(chosen.witness)))
        container.lifecycle.override(providers.List(witness, *container.lifecycle.args))
    if chosen.tasks is not None:
        teller = providers.Object(TaskTeller(Path(chosen.tasks)))
        for parts in (container.api_lifecycle, container.worker_lifecycle, container.scheduler_lifecycle):
            parts.override(providers.List(*parts.args, teller))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser()
    parser.add_argument("part", choices=["all", "serve", "worker", "scheduler"])
    parser.add_argument("--trap", help="the file that says where to end")
    parser.add_argument("--poison", help="the title of messages that end whoever sends them")
    parser.add_argument("--clock", help="the file that says by how many seconds the clock is wrong")
    parser.add_argument("--tasks", help="the file that says how many tasks there are")
    parser.add_argument("--witness", help="the file that is written when all parts were stopped")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
