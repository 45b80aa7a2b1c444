"""`python -m app` and `python -m app serve`."""

import sys
from collections.abc import Sequence
from functools import partial

from app.bootstrap.banner import preparing_line
from app.bootstrap.env import load, read_settings
from app.bootstrap.logging import configure_logging
from app.bootstrap.signals import on_hangup


def serve(*, everything: bool, processes: int | None, child: Sequence[int]) -> int:
    """Serve the API and the streams; with `everything`, work on deliveries and jobs in the same process.

    `child` is what a parent of several processes has left open for this one.
    """
    several = not everything or bool(child)
    settings = read_settings(several_processes=several, processes=processes)
    if not child:
        sys.stdout.write(preparing_line(settings))
        sys.stdout.flush()
    # Only now: importing the server takes longer than all that comes after, and nobody should wait in silence.
    from app.bootstrap.container import build_container
    from app.bootstrap.processes.child import Child, Inherited
    from app.bootstrap.reload import Reload
    from app.bootstrap.server import run_child_server, run_server

    logging = configure_logging(settings.log, settings.app.env)
    try:
        container = build_container(settings)
        if settings.app.processes > 1 and not child:
            from app.bootstrap.processes.parent import run_processes

            return run_processes(container, "all" if everything else "serve")
        read = partial(load, several_processes=several, processes=processes)
        with on_hangup(Reload(container, logging, settings, read)):
            if child:
                return run_child_server(container, Child(container, Inherited.of(child)), everything=everything)
            return run_server(container, everything=everything)
    finally:
        logging.stop()
        sys.stdout.flush()
