"""What a process reaches for outside itself, as the interpreter's audit events tell."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

CONNECTS = {
    "os.mkdir",
    "os.posix_spawn",
    "socket.bind",
    "socket.connect",
    "socket.getaddrinfo",
    "sqlite3.connect",
    "subprocess.Popen",
}
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT


@cache
def _watchers() -> list[list[str]]:
    """Who is told. The interpreter never forgets a hook, so there is one, and it is set when it is first needed."""
    watchers: list[list[str]] = []

    def hear(event: str, arguments: tuple[object, ...]) -> None:
        if watchers and (event in CONNECTS or (event == "open" and _is_write(arguments))):
            for watcher in watchers:
                watcher.append(f"{event} {arguments}")

    sys.addaudithook(hear)
    return watchers


def _is_write(arguments: tuple[object, ...]) -> bool:
    path, _mode, flags = arguments
    # What an import leaves behind for the next one.
    return isinstance(flags, int) and bool(flags & WRITES) and "__pycache__" not in str(path)


@contextmanager
def reaches() -> Iterator[list[str]]:
    """Everything that this process connects to, starts or writes to, in the meantime."""
    seen: list[str] = []
    watchers = _watchers()
    watchers.append(seen)
    try:
        yield seen
    finally:
        watchers.remove(seen)
