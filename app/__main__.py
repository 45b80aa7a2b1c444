"""`python -m app`: everything in one process; sub-commands are its parts and its tools."""

import sys
from collections.abc import Sequence

from app.cli.commands import run
from app.cli.parser import build_parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    return run(build_parser().parse_args(sys.argv[1:] if arguments is None else arguments))


if __name__ == "__main__":
    sys.exit(main())
