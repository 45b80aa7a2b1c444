"""`python -m app worker` and `python -m app scheduler`."""

import sys
from collections.abc import Sequence
from functools import partial

from msgspec.structs import replace

from app.bootstrap.container import build_container
from app.bootstrap.env import load, read_settings
from app.bootstrap.logging import configure_logging
from app.bootstrap.processes.child import Child, Inherited
from app.bootstrap.processes.parent import run_processes
from app.bootstrap.reload import Reload
from app.bootstrap.signals import on_hangup
from app.bootstrap.workers import run_child_worker, run_workers


def work(part: str, queues: str | None, processes: int | None, child: Sequence[int]) -> int:
    """Work until told to end; `queues` narrows what a worker claims.

    `child` is what a parent of several workers has left open for this one. There is no point in several schedulers.
    """
    settings = written = read_settings(several_processes=True, processes=processes)
    if queues is not None:
        settings = replace(settings, worker=replace(settings.worker, queues=tuple(queues.split(","))))
    logging = configure_logging(settings.log, settings.app.env)
    try:
        container = build_container(settings)
        if part == "worker" and settings.app.processes > 1 and not child:
            return run_processes(container, part, ["--queues", queues] if queues else [])
        read = partial(load, several_processes=True, processes=processes)
        with on_hangup(Reload(container, logging, written, read)):
            if child:
                return run_child_worker(container, Child(container, Inherited.of(child)))
            return run_workers(container, part)
    finally:
        logging.stop()
        sys.stdout.flush()
