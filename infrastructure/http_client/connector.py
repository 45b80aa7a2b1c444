"""Connections that end where they were judged to end."""

import asyncio
from collections.abc import Iterable, Sequence

import httpcore2

from infrastructure.http_client.address_table import IpAddress, literal_address, reached
from infrastructure.http_client.egress_policy import EgressPolicy
from infrastructure.http_client.resolver import NameNotResolved, Resolver

_MAX_TRIED = 4


class AddressBlocked(Exception):
    """The name leads, or may lead, to an address that is not allowed"""


class PinnedBackend(httpcore2.AsyncNetworkBackend):
    """Resolves a name once, judges every answer, and connects to an address that was judged.

    One bad answer among good ones refuses the name: whoever mixes them hopes for the other family or the next try.
    It sits below the connection pool, which goes on to think in host names: certificates, SNI, `Host` and the reuse
    of connections keep meaning the name. A rewritten URL would share one TLS connection between hosts of one address.
    """

    def __init__(self, policy: EgressPolicy, resolver: Resolver, *, dns_timeout: float) -> None:
        self._policy = policy
        self._resolver = resolver
        self._dns_timeout = dns_timeout
        self._sockets = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        error: Exception = NameNotResolved()
        for address in await self._pinned(host, port):
            try:
                return await self._sockets.connect_tcp(str(address), port, timeout, local_address, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as failed:
                error = failed
        raise error

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def _pinned(self, host: str, port: int) -> Sequence[IpAddress]:
        literal = literal_address(host)
        answers = [literal] if literal is not None else await self._resolved(host)
        if not all(self._policy.admits(answer, port) for answer in answers):
            raise AddressBlocked
        return list(dict.fromkeys(reached(answer) for answer in answers))[:_MAX_TRIED]

    async def _resolved(self, host: str) -> Sequence[IpAddress]:
        try:
            async with asyncio.timeout(self._dns_timeout):
                return await self._resolver.resolve(host)
        except TimeoutError as error:
            raise NameNotResolved from error
