"""The sockets of several processes that share one port."""

import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Final

from app.bootstrap.listening import listening

# There the kernel gives each socket of a port its share of the connections. Elsewhere (macOS) one socket gets them all:
# the processes then wait at the same one, and who is quick takes more.
SHARES: Final = sys.platform == "linux"

Place = Sequence[socket.socket]


@contextmanager
def listening_places(host: str, port: int, count: int, backlog: int, *, key: str) -> Iterator[Sequence[Place]]:
    """Sockets of one port for so many processes.

    Whoever keeps them open loses no connection when one of the processes dies: those that came to its place wait there
    for the next one. Raises what `listening` does, also when the port is shared by others already.
    """
    with ExitStack() as opened:
        if not SHARES:
            yield [opened.enter_context(listening(host, port, backlog, key=key))] * count
            return
        with listening(host, port, backlog, key=key) as alone:
            port = port or alone[0].getsockname()[1]
        yield [opened.enter_context(listening(host, port, backlog, key=key, shared=True)) for _ in range(count)]
