"""How benchmarks are started."""

import argparse
import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable

import uvloop


def arguments(description: str | None, *, rounds: int, seconds: float | None = None) -> argparse.ArgumentParser:
    """What benchmarks understand; `rounds` and `seconds` are what one does when told nothing."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true", help="the large sizes, which take long")
    parser.add_argument("--rounds", type=int, default=rounds, help=f"how often everyone has a turn ({rounds})")
    if seconds is not None:
        parser.add_argument("--seconds", type=float, default=seconds, help=f"how long a turn takes ({seconds:g})")
    return parser


def run(main: Callable[[argparse.Namespace], Awaitable[None]], parser: argparse.ArgumentParser) -> None:
    """Run a benchmark on the loop that the servers use; every line is to be seen at once."""
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]  # a file, not one of the test's stand-ins
    chosen = parser.parse_args()

    async def begin() -> None:
        running = asyncio.current_task()
        assert running is not None
        # As after Ctrl-C: servers have sessions of their own, and would stay.
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, running.cancel)
        await main(chosen)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(begin())
