"""Where outbound requests may go."""

import re
from collections.abc import Iterable
from ipaddress import ip_network

import httpx2

from infrastructure.http_client.address_table import (
    AddressKind,
    IpAddress,
    carried_ipv4,
    classify,
    literal_address,
    reached,
)

_MAX_URL = 2_048
_MAX_PORT = 65_535
_USER_INFO = re.compile(r"[^:/?#]*://[^/?#]*@")
_HOST_NAME = re.compile(r"(?=.{1,253}$)[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?\.?")

# Not hosts that could answer: no configured range opens them.
_NEVER = frozenset({AddressKind.UNSPECIFIED, AddressKind.MULTICAST, AddressKind.BROADCAST})

# Inside an opened range every port may be used but these, which speak something else than HTTP: the blocked ports of
# the WHATWG fetch standard, and the stores and brokers that a line of HTTP could talk into something.
_FOREIGN_PORTS = frozenset(
    {1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109, 110}
    | {111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 445, 465, 512, 513, 514, 515, 526, 530}
    | {531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1433, 1521, 1719, 1720, 1723, 2049, 2181}
    | {3306, 3389, 3659, 4045, 4190, 4222, 5060, 5061, 5432, 5672, 6000, 6379, 6380, 6566, 6665, 6666, 6667, 6668}
    | {6669, 6679, 6697, 9092, 9042, 10080, 11211, 26379, 27017}
)


class EgressPolicy:
    """Judges URLs by their text and addresses by the table.

    `allow_cidrs` opens ranges that are closed by default; an address that serves machine credentials opens only when
    it is named alone (`169.254.169.254/32`), not by a range around it. To public addresses only `allow_ports`
    are used; in an opened range every port that is not known to speak another protocol.
    Raises ValueError for a range that is none.
    """

    def __init__(self, *, allow_cidrs: Iterable[str] = (), allow_ports: Iterable[int] = (80, 443)) -> None:
        self._opened = tuple(ip_network(cidr.strip(), strict=False) for cidr in allow_cidrs)
        self._ports = frozenset(allow_ports)

    def admits(self, address: IpAddress, port: int) -> bool:
        target = reached(address)
        opened = self._is_opened(target)
        if classify(target) is not AddressKind.PUBLIC and not opened:
            return False
        inner = carried_ipv4(target)
        if inner is not None and not self.admits(inner, port):
            return False
        return port in self._ports or (opened and port not in _FOREIGN_PORTS)

    def check_url(self, url: str) -> str | None:
        """As `HttpClient.check_url`."""
        try:
            parsed = httpx2.URL(url)
        except (httpx2.InvalidURL, ValueError):
            return "is not a valid URL"
        return self._check_form(url, parsed) or self._check_target(parsed.raw_host.decode("ascii"), port_of(parsed))

    def _check_form(self, url: str, parsed: httpx2.URL) -> str | None:
        if len(url) > _MAX_URL:
            return f"must not be longer than {_MAX_URL} characters"
        if parsed.scheme not in {"http", "https"}:
            return "must begin with http:// or https://"
        if _USER_INFO.match(url):
            return "must not carry a user name or password"
        return None if 0 < port_of(parsed) <= _MAX_PORT else "is not a valid URL"

    def _check_target(self, host: str, port: int) -> str | None:
        address = literal_address("127.0.0.1" if _is_localhost(host) else host)
        if address is not None:
            admitted = "%" not in host and self.admits(address, port)
            return None if admitted else "points to an address or port that is not allowed"
        if not _HOST_NAME.fullmatch(host):
            return "has no valid host name"
        return None if self._may_be_used(port) else "uses a port that is not allowed"

    def _may_be_used(self, port: int) -> bool:
        # A name may turn out to lie in an opened range; the connection decides.
        return port in self._ports or (bool(self._opened) and port not in _FOREIGN_PORTS)

    def _is_opened(self, target: IpAddress) -> bool:
        kind = classify(target)
        if kind in _NEVER:
            return False
        around = [network for network in self._opened if target in network]
        if kind is AddressKind.METADATA:
            return any(network.num_addresses == 1 for network in around)
        return bool(around)


def is_host(text: str) -> bool:
    """Whether it is an address or looks like a name, as hosts of URLs that may be tried do."""
    return literal_address(text) is not None or _HOST_NAME.fullmatch(text) is not None


def port_of(url: httpx2.URL) -> int:
    """The port a request to `url` goes to."""
    if url.port is not None:
        return url.port
    return 443 if url.scheme == "https" else 80


def _is_localhost(host: str) -> bool:
    name = host.removesuffix(".")
    return name == "localhost" or name.endswith(".localhost")
