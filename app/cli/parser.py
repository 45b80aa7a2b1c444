"""The command line."""

import argparse
from collections.abc import Sequence

from infrastructure.config.app import MOST_PROCESSES

PROGRAM = "python -m app"


def build_parser() -> argparse.ArgumentParser:
    """Every command with its arguments; none stands for `all`."""
    parser = argparse.ArgumentParser(prog=PROGRAM, description="Carillon: notifications that arrive, once and live.")
    commands = parser.add_subparsers(dest="command", metavar="command")
    everything = commands.add_parser("all", help="API, worker and scheduler in one process (the default)")
    serve = commands.add_parser("serve", help="the API and the streams")
    worker = commands.add_parser("worker", help="deliveries and jobs")
    for several in (everything, serve, worker):
        _add_processes(several)
    worker.add_argument("--queues", help="comma-separated queues to work on; all that are configured by default")
    commands.add_parser("scheduler", help="the relay of events and the upkeep")
    _add_db(commands.add_parser("db", help="the database's schema"))
    config = commands.add_parser("config", help="check or show the configuration")
    config.add_argument("action", choices=["check", "show"])
    commands.add_parser("openapi", help="print the OpenAPI document")
    keys = commands.add_parser(
        "keys", help="print a new API key, for BOOTSTRAP_API_KEY, or the secret that webhooks are signed with"
    )
    keys.add_argument("action", choices=["new", "webhook-secret"])
    audit = commands.add_parser("audit", help="the trail of who changed what")
    audit.add_argument("action", choices=["verify"])
    audit.add_argument("--tenant", default="default")
    token = commands.add_parser("token", help="print a bearer token for a subscriber's inbox and stream")
    token.add_argument("subscriber_id")
    token.add_argument("--tenant", default="default")
    return parser


def _add_processes(part: argparse.ArgumentParser) -> None:
    part.add_argument(
        "--processes", type=_count, metavar="N", help="so many of them under one parent, on one port; APP_PROCESSES"
    )
    # How a parent starts them: the numbers of what it has left open.
    part.add_argument("--child", type=_numbers, help=argparse.SUPPRESS)


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MOST_PROCESSES:
        raise argparse.ArgumentTypeError(f"must be a number from 1 to {MOST_PROCESSES}")
    return int(text)


def _numbers(text: str) -> Sequence[int]:
    return [int(each) for each in text.split(",")]


def _add_db(db: argparse.ArgumentParser) -> None:
    actions = db.add_subparsers(dest="action", required=True, metavar="action")
    upgrade = actions.add_parser("upgrade", help="migrate to this version's schema")
    upgrade.add_argument("revision", nargs="?", default="head")
    downgrade = actions.add_parser("downgrade", help="migrate back to a revision")
    downgrade.add_argument("revision")
    actions.add_parser("check", help="fail when the models and the migrations differ")
