"""The sockets that a server listens on."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from errno import EADDRINUSE
from typing import Final

from infrastructure.config.problems import ConfigurationError, Problem

EXIT_CODE: Final = 69  # EX_UNAVAILABLE of sysexits.h: another try may succeed, other settings are not called for


class AddressTaken(Exception):
    """Another process listens there."""


@contextmanager
def listening(
    host: str, port: int, backlog: int, *, key: str = "APP_PORT", shared: bool = False
) -> Iterator[list[socket.socket]]:
    """Sockets that listen on every address of `host`. Who calls before anybody answers, waits.

    `shared` sockets stand beside others of this user that are shared, too. Raises `AddressTaken`, and
    ConfigurationError for an address that this machine does not have or may not use.
    """
    with ExitStack() as opened:
        try:
            addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
            sockets = [
                opened.enter_context(_listening(family, address, backlog, shared=shared))
                for family, address in dict.fromkeys((family, address) for family, *_, address in addresses)
            ]
        except OSError as error:
            raise _refusal(host, port, key, error) from error
        yield sockets


def address_of(listener: socket.socket) -> str:
    """Where to reach it, as a browser writes it."""
    host, port = listener.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def _listening(
    family: int, address: tuple[str | int, ...] | tuple[int, bytes], backlog: int, *, shared: bool
) -> socket.socket:
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        # What the process before left behind, closing, does not count.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind(address)
        # Two that only bind the same address do not notice each other.
        listener.listen(backlog)
    except OSError:
        listener.close()
        raise
    return listener


def _refusal(host: str, port: int, key: str, error: OSError) -> Exception:
    if error.errno == EADDRINUSE:
        return AddressTaken(
            f"port {port} of {host} is taken: end the process that listens there, or choose another {key}"
        )
    reason = (error.strerror or str(error)).lower()
    return ConfigurationError([Problem(keys=("APP_HOST", key), message=f"cannot be listened on: {reason}")])
