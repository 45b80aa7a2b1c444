from ipaddress import ip_network
from typing import cast

import pytest
from litestar.types import Scope

from app.http.client_ip import client_ip

TRUSTED = tuple(map(ip_network, ("10.0.0.0/8", "2001:db8:ffff::/48")))


def scope(peer: str | None, *forwarded: str) -> Scope:
    headers = [(b"host", b"x"), *((b"X-Forwarded-For", each.encode("latin-1")) for each in forwarded)]
    return cast("Scope", {"type": "http", "client": (peer, 1234) if peer is not None else None, "headers": headers})


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("198.51.100.7", [], "198.51.100.7"),
        ("198.51.100.7", ["203.0.113.9"], "198.51.100.7"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["203.0.113.9"], "203.0.113.9"),
        ("10.0.0.1", ["1.1.1.1, 203.0.113.9"], "203.0.113.9"),
        ("10.0.0.1", ["1.1.1.1, 203.0.113.9, 10.0.0.2"], "203.0.113.9"),
        ("10.0.0.1", ["1.1.1.1", "203.0.113.9, 10.0.0.2"], "203.0.113.9"),
        ("10.0.0.1", ["203.0.113.9", "10.0.0.2", "10.0.0.3"], "203.0.113.9"),
        ("10.0.0.1", ["10.0.0.4, 10.0.0.3"], "10.0.0.4"),
        ("10.0.0.1", ["203.0.113.9, not-an-address"], "10.0.0.1"),
        ("10.0.0.1", ["203.0.113.9, not-an-address, 10.0.0.2"], "10.0.0.2"),
        ("10.0.0.1", ["", " , "], "10.0.0.1"),
        ("10.0.0.1", ["203.0.113.9:5555"], "203.0.113.9"),
        ("10.0.0.1", ["[2001:db8::9]:5555"], "2001:db8::9"),
        ("10.0.0.1", ["2001:0DB8::0009"], "2001:db8::9"),
        ("::ffff:10.0.0.1", ["::ffff:203.0.113.9"], "203.0.113.9"),
        ("2001:db8:ffff::1", ["203.0.113.9"], "203.0.113.9"),
        ("10.0.0.1", ["203.0.113.9\x1b[2J"], "10.0.0.1"),
        ("testclient", ["203.0.113.9"], None),
        ("", ["203.0.113.9"], None),
        (None, ["203.0.113.9"], None),
    ],
)
def test_is_the_nearest_hop_that_is_not_ours_when_forwarded(
    peer: str | None, forwarded: list[str], expected: str | None
) -> None:
    assert client_ip(scope(peer, *forwarded), TRUSTED) == expected


def test_is_the_peer_when_no_proxy_is_trusted() -> None:
    assert client_ip(scope("10.0.0.1", "203.0.113.9"), ()) == "10.0.0.1"


@pytest.mark.parametrize("hops", [32, 33, 34, 20_000])
def test_stops_at_one_of_our_hops_when_the_list_is_endless(hops: int) -> None:
    endless = ", ".join(["203.0.113.9"] + ["10.0.0.2"] * hops)
    assert client_ip(scope("10.0.0.1", endless), TRUSTED) == ("203.0.113.9" if hops < 32 else "10.0.0.2")
