"""Names to addresses."""

import asyncio
import socket
from collections.abc import Callable, Sequence
from ipaddress import ip_address
from threading import Thread
from typing import Any, Protocol

from infrastructure.http_client.address_table import IpAddress

# What `socket.getaddrinfo` answers: (family, type, protocol, canonical name, socket address); its shape varies.
AddressInfo = tuple[Any, Any, Any, Any, tuple[Any, ...]]
LookUp = Callable[[str], Sequence[AddressInfo]]


class NameNotResolved(Exception):
    """No usable answer from DNS"""


class Resolver(Protocol):
    """Asks for the addresses of a name."""

    async def resolve(self, host: str) -> Sequence[IpAddress]:
        """Every IPv4 and IPv6 address of `host`. May take for ever: the caller sets the deadline.

        Raises `NameNotResolved` when there is none.
        """
        ...


class SystemResolver(Resolver):
    """The operating system's resolver, each look-up in a daemon thread of its own.

    Not in a pool: a look-up cannot be stopped, and one that hangs would hold a pool's thread against everybody else
    and against the end of the process. At most `max_lookups` run, what comes then waits for its caller's deadline.
    """

    def __init__(self, *, max_lookups: int = 32, look_up: LookUp | None = None) -> None:
        self._slots = asyncio.Semaphore(max_lookups)
        self._look_up = look_up or _every_family

    async def resolve(self, host: str) -> Sequence[IpAddress]:
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Sequence[IpAddress]] = loop.create_future()
        await self._slots.acquire()
        try:
            Thread(target=self._ask, args=(host, loop, answer), name="dns", daemon=True).start()
        except RuntimeError as error:
            self._slots.release()
            raise NameNotResolved from error
        return await answer

    def _ask(self, host: str, loop: asyncio.AbstractEventLoop, answer: asyncio.Future[Sequence[IpAddress]]) -> None:
        addresses: list[IpAddress] = []
        try:
            addresses = [ip_address(row[4][0]) for row in self._look_up(host)]
        except (OSError, ValueError):  # UnicodeError, for a label of more than 63 characters, is a ValueError
            addresses = []
        finally:
            try:
                loop.call_soon_threadsafe(self._finish, answer, addresses)
            except RuntimeError:
                return  # the loop is closed, nobody waits any more

    def _finish(self, answer: asyncio.Future[Sequence[IpAddress]], addresses: Sequence[IpAddress]) -> None:
        self._slots.release()
        if answer.done():
            return
        if addresses:
            answer.set_result(addresses)
        else:
            answer.set_exception(NameNotResolved())


def _every_family(host: str) -> Sequence[AddressInfo]:
    # Without AI_ADDRCONFIG: a private AAAA answer counts on a machine without IPv6 too.
    return socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
