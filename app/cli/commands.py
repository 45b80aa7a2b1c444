"""Running what was chosen on the command line."""

import sys
from argparse import Namespace
from typing import Any

from app.bootstrap import listening
from domain.shared.errors import Unavailable
from infrastructure.config.problems import EXIT_CODE, ConfigurationError

UNAVAILABLE = 69  # EX_UNAVAILABLE of sysexits.h


def run(chosen: Namespace) -> int:
    """Run one command; returns the exit code, 78 for a configuration that is found wrong only now, 69 for a port that
    is taken or a database that cannot be reached.

    Each command imports what it needs, so that small ones start at once.
    """
    try:
        return _run(chosen)
    except ConfigurationError as error:
        sys.stderr.writelines(f"configuration: {problem}\n" for problem in error.problems)
        return EXIT_CODE
    except Unavailable as error:
        sys.stderr.write(f"{chosen.command or 'all'}: {error}\n")
        return UNAVAILABLE
    except listening.AddressTaken as error:
        sys.stderr.write(f"{chosen.command or 'all'}: {error}\n")
        return listening.EXIT_CODE


def _run(chosen: Namespace) -> int:  # noqa: PLR0911 - one for each command
    match chosen.command:
        case None | "all" | "serve":
            from app.cli.serve import serve

            everything = chosen.command != "serve"
            return serve(everything=everything, processes=_of(chosen, "processes"), child=_of(chosen, "child") or ())
        case "worker" | "scheduler":
            from app.cli.work import work

            queues, processes, child = (_of(chosen, name) for name in ("queues", "processes", "child"))
            return work(chosen.command, queues or None, processes, child or ())
        case "db":
            from app.cli.db import db

            return db(chosen.action, getattr(chosen, "revision", "head"))
        case "config":
            from app.cli.config import config

            return config(chosen.action)
        case "openapi":
            from app.cli.openapi import openapi

            return openapi()
        case "keys":
            from app.cli.keys import keys

            return keys(chosen.action)
        case "audit":
            from app.cli.audit import audit

            return audit(chosen.tenant)
        case _:
            from app.cli.token import token

            return token(chosen.subscriber_id, chosen.tenant)


def _of(chosen: Namespace, name: str) -> Any:  # Any: what its parser made of it
    """None for an argument that this command does not have."""
    return getattr(chosen, name, None)
