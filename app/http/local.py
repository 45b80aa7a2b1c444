"""Whether a caller sits at this very machine."""

from ipaddress import ip_address
from typing import Any, Final

from litestar.connection import ASGIConnection

# Any: handler, user, auth and state play no part.
Connection = ASGIConnection[Any, Any, Any, Any]

_FORWARDED: Final = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via", "cf-connecting-ip")


def from_this_machine(connection: Connection) -> bool:
    """Whether the peer is on the loopback interface and speaks for nobody else: a proxy on this machine does."""
    client = connection.scope.get("client")
    return client is not None and is_loopback(client[0]) and not any(name in connection.headers for name in _FORWARDED)


def addressed_locally(connection: Connection) -> bool:
    """Whether the Host header names this machine: a name that was rebound to 127.0.0.1 does not."""
    host = connection.headers.get("host", "")
    name = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
    return name == "localhost" or is_loopback(name)


def is_loopback(address: str) -> bool:
    """Whether this is a loopback address; a name is none."""
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False
