"""Which kind of network an IP address belongs to.

An explicit table after the IANA special-purpose registries, because `ipaddress.is_private` and `is_global` let
NAT64, 6to4, multicast and segment-routing forms of internal addresses pass.
"""

import socket
import unicodedata
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

IpAddress = IPv4Address | IPv6Address
IpNetwork = IPv4Network | IPv6Network


class AddressKind(StrEnum):
    PUBLIC = "public"
    UNSPECIFIED = "unspecified"
    LOOPBACK = "loopback"
    PRIVATE = "private"
    SHARED = "shared"  # carrier-grade NAT
    LINK_LOCAL = "link_local"
    METADATA = "metadata"  # credentials of the machine, for whoever asks
    MULTICAST = "multicast"
    BROADCAST = "broadcast"
    DOCUMENTATION = "documentation"
    BENCHMARKING = "benchmarking"
    DISCARD = "discard"
    RESERVED = "reserved"
    UNIQUE_LOCAL = "unique_local"
    SITE_LOCAL = "site_local"
    IPV4_COMPATIBLE = "ipv4_compatible"
    TRANSLATED = "translated"  # IPv4 inside IPv6 by SIIT or NAT64
    SIX_TO_FOUR = "6to4"
    TEREDO = "teredo"
    SEGMENT_ROUTING = "segment_routing"


_IPV4 = {
    "169.254.169.254/32": AddressKind.METADATA,  # AWS, GCP, Azure, DigitalOcean, OpenStack
    "169.254.170.2/32": AddressKind.METADATA,  # AWS container credentials
    "169.254.170.23/32": AddressKind.METADATA,  # AWS pod identity
    "100.100.100.200/32": AddressKind.METADATA,  # Alibaba
    "192.0.0.192/32": AddressKind.METADATA,  # Oracle
    "168.63.129.16/32": AddressKind.METADATA,  # Azure host agent, a public address by number
    "255.255.255.255/32": AddressKind.BROADCAST,
    "0.0.0.0/8": AddressKind.UNSPECIFIED,
    "10.0.0.0/8": AddressKind.PRIVATE,
    "100.64.0.0/10": AddressKind.SHARED,
    "127.0.0.0/8": AddressKind.LOOPBACK,
    "169.254.0.0/16": AddressKind.LINK_LOCAL,
    "172.16.0.0/12": AddressKind.PRIVATE,
    "192.0.0.0/24": AddressKind.RESERVED,
    "192.0.2.0/24": AddressKind.DOCUMENTATION,
    "192.88.99.0/24": AddressKind.SIX_TO_FOUR,
    "192.168.0.0/16": AddressKind.PRIVATE,
    "198.18.0.0/15": AddressKind.BENCHMARKING,
    "198.51.100.0/24": AddressKind.DOCUMENTATION,
    "203.0.113.0/24": AddressKind.DOCUMENTATION,
    "224.0.0.0/4": AddressKind.MULTICAST,
    "240.0.0.0/4": AddressKind.RESERVED,
}

_IPV6 = {
    "::/128": AddressKind.UNSPECIFIED,
    "::1/128": AddressKind.LOOPBACK,
    "fd00:ec2::254/128": AddressKind.METADATA,  # AWS
    "fd00:ec2::23/128": AddressKind.METADATA,  # AWS pod identity
    "fd20:ce::254/128": AddressKind.METADATA,  # GCP
    "::/96": AddressKind.IPV4_COMPATIBLE,
    "::ffff:0:0:0/96": AddressKind.TRANSLATED,
    "64:ff9b::/96": AddressKind.TRANSLATED,
    "64:ff9b:1::/48": AddressKind.TRANSLATED,
    "100::/64": AddressKind.DISCARD,
    "100:0:0:1::/64": AddressKind.DISCARD,
    "2001::/32": AddressKind.TEREDO,
    "2001:2::/48": AddressKind.BENCHMARKING,
    "2001::/23": AddressKind.RESERVED,
    "2001:db8::/32": AddressKind.DOCUMENTATION,
    "2002::/16": AddressKind.SIX_TO_FOUR,
    "3fff::/20": AddressKind.DOCUMENTATION,
    "5f00::/16": AddressKind.SEGMENT_ROUTING,
    "fc00::/7": AddressKind.UNIQUE_LOCAL,
    "fe80::/10": AddressKind.LINK_LOCAL,
    "fec0::/10": AddressKind.SITE_LOCAL,
    "ff00::/8": AddressKind.MULTICAST,
    "2000::/3": AddressKind.PUBLIC,
}


def _narrowest_first(table: dict[str, AddressKind]) -> tuple[tuple[IpNetwork, AddressKind], ...]:
    rows = ((ip_network(cidr), kind) for cidr, kind in table.items())
    return tuple(sorted(rows, key=lambda row: row[0].prefixlen, reverse=True))


# What no row names: for IPv4 it is the public internet, for IPv6 only 2000::/3 has been given out.
_TABLES = {4: (_narrowest_first(_IPV4), AddressKind.PUBLIC), 6: (_narrowest_first(_IPV6), AddressKind.RESERVED)}
_LOW_32_BITS = 0xFFFF_FFFF
_SIX_TO_FOUR_SHIFT = 80
_DOT_LIKE = str.maketrans({"\u3002": ".", "\uff0e": ".", "\uff61": "."})


def reached(address: IpAddress) -> IpAddress:
    """The address a connection really goes to: without scope id, and IPv4 when it is IPv4-mapped IPv6."""
    if isinstance(address, IPv4Address):
        return address
    return address.ipv4_mapped or IPv6Address(int(address))


def classify(address: IpAddress) -> AddressKind:
    """The kind of `address`; IPv4-mapped and IPv4-compatible forms count as the address inside."""
    target = reached(address)
    rows, kind = _TABLES[target.version]
    kind = next((row_kind for network, row_kind in rows if target in network), kind)
    if kind is AddressKind.IPV4_COMPATIBLE:
        inner = classify(IPv4Address(int(target) & _LOW_32_BITS))
        return kind if inner is AddressKind.PUBLIC else inner
    return kind


def carried_ipv4(address: IpAddress) -> IPv4Address | None:
    """The IPv4 address at which a packet to this transition address comes out, None for an ordinary address."""
    number = int(address)
    match classify(address):
        case AddressKind.TRANSLATED:
            return IPv4Address(number & _LOW_32_BITS)
        case AddressKind.SIX_TO_FOUR if address.version == 6:  # noqa: PLR2004 the version is its own name
            return IPv4Address((number >> _SIX_TO_FOUR_SHIFT) & _LOW_32_BITS)
        case AddressKind.TEREDO:  # the client's address is stored inverted, RFC 4380 section 4
            return IPv4Address(~number & _LOW_32_BITS)
        case _:
            return None


def literal_address(host: str) -> IpAddress | None:
    """The address that `host` spells, None when it is a name.

    Reads what resolvers read besides the usual forms: `2130706433`, `0x7f.1`, `0177.0.0.1`, `127.1`, full-width
    digits, scope ids, one trailing dot.
    """
    text = unicodedata.normalize("NFKC", host).translate(_DOT_LIKE).strip("[]").removesuffix(".")
    try:
        return ip_address(text)
    except ValueError:
        return _inet_aton(text)


def _inet_aton(text: str) -> IPv4Address | None:
    # inet_aton ignores whatever follows a space.
    if not text.isascii() or any(character.isspace() for character in text):
        return None
    try:
        return IPv4Address(socket.inet_aton(text))
    except OSError:
        return None
