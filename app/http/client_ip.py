"""Who is at the other end, as far as it can be believed."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from litestar.types import Scope

IpAddress = IPv4Address | IPv6Address
IpNetwork = IPv4Network | IPv6Network

_HEADER = b"x-forwarded-for"
_MAX_HOPS = 32


def client_ip(scope: Scope, trusted: Sequence[IpNetwork]) -> str | None:
    """The peer, or where the peer is one of our proxies the right-most hop of `X-Forwarded-For` that is not.

    Everything left of that hop is the client's own word. A hop that is no address ends the search at the proxy that
    wrote it. IPv4 inside IPv6 is shown as IPv4. None where the server knows no peer (a Unix socket).
    """
    client = scope.get("client")
    nearest = _parse(client[0]) if client else None
    if nearest is None:
        return None
    for hop in _hops_from_the_right(scope):
        if not _is_trusted(nearest, trusted):
            break
        address = _parse(hop)
        if address is None:
            break
        nearest = address
    return str(nearest)


def _hops_from_the_right(scope: Scope) -> Iterator[str]:
    lists = [value.decode("latin-1") for name, value in scope["headers"] if name.lower() == _HEADER]
    hops = ",".join(lists).rsplit(",", _MAX_HOPS)
    # The last piece of a split that reached its limit is not a hop but everything that was left.
    yield from reversed(hops[1:] if len(hops) > _MAX_HOPS else hops)


@lru_cache(maxsize=4_096)
def _parse(hop: str) -> IpAddress | None:
    """An address as proxies write it: also `192.0.2.1:1234` and `[2001:db8::1]:1234`."""
    text = hop.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _is_trusted(address: IpAddress, trusted: Sequence[IpNetwork]) -> bool:
    return any(address in network for network in trusted)
