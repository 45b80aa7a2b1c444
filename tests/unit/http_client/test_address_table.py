"""Every special range, from both edges, and the spellings that hide one."""

from ipaddress import ip_address

import pytest

from infrastructure.http_client.address_table import AddressKind, carried_ipv4, classify, literal_address, reached

K = AddressKind


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("0.0.0.0", K.UNSPECIFIED),
        ("0.255.255.255", K.UNSPECIFIED),
        ("1.0.0.0", K.PUBLIC),
        ("9.255.255.255", K.PUBLIC),
        ("10.0.0.0", K.PRIVATE),
        ("10.255.255.255", K.PRIVATE),
        ("11.0.0.0", K.PUBLIC),
        ("100.63.255.255", K.PUBLIC),
        ("100.64.0.0", K.SHARED),
        ("100.100.100.200", K.METADATA),
        ("100.127.255.255", K.SHARED),
        ("100.128.0.0", K.PUBLIC),
        ("127.0.0.1", K.LOOPBACK),
        ("127.255.255.255", K.LOOPBACK),
        ("128.0.0.0", K.PUBLIC),
        ("168.63.129.16", K.METADATA),
        ("169.253.255.255", K.PUBLIC),
        ("169.254.0.1", K.LINK_LOCAL),
        ("169.254.169.254", K.METADATA),
        ("169.254.170.2", K.METADATA),
        ("169.255.0.0", K.PUBLIC),
        ("172.15.255.255", K.PUBLIC),
        ("172.16.0.0", K.PRIVATE),
        ("172.31.255.255", K.PRIVATE),
        ("172.32.0.0", K.PUBLIC),
        ("192.0.0.8", K.RESERVED),
        ("192.0.0.192", K.METADATA),
        ("192.0.2.1", K.DOCUMENTATION),
        ("192.88.99.1", K.SIX_TO_FOUR),
        ("192.167.255.255", K.PUBLIC),
        ("192.168.0.0", K.PRIVATE),
        ("192.168.255.255", K.PRIVATE),
        ("198.17.255.255", K.PUBLIC),
        ("198.18.0.0", K.BENCHMARKING),
        ("198.19.255.255", K.BENCHMARKING),
        ("198.51.100.1", K.DOCUMENTATION),
        ("203.0.113.1", K.DOCUMENTATION),
        ("223.255.255.255", K.PUBLIC),
        ("224.0.0.1", K.MULTICAST),
        ("239.255.255.255", K.MULTICAST),
        ("240.0.0.1", K.RESERVED),
        ("255.255.255.254", K.RESERVED),
        ("255.255.255.255", K.BROADCAST),
        ("::", K.UNSPECIFIED),
        ("::1", K.LOOPBACK),
        ("::2", K.UNSPECIFIED),  # compatible form of 0.0.0.2
        ("::127.0.0.1", K.LOOPBACK),
        ("::169.254.169.254", K.METADATA),
        ("::8.8.8.8", K.IPV4_COMPATIBLE),
        ("::ffff:127.0.0.1", K.LOOPBACK),
        ("::ffff:169.254.169.254", K.METADATA),
        ("::ffff:8.8.8.8", K.PUBLIC),
        ("::ffff:0:127.0.0.1", K.TRANSLATED),
        ("64:ff9b::a9fe:a9fe", K.TRANSLATED),
        ("64:ff9b::8.8.8.8", K.TRANSLATED),
        ("64:ff9b:1::1", K.TRANSLATED),
        ("64:ff9b:2::1", K.RESERVED),
        ("100::1", K.DISCARD),
        ("100:0:0:1::1", K.DISCARD),
        ("1fff:ffff::1", K.RESERVED),
        ("2000::1", K.PUBLIC),
        ("2001:0:4136:e378::1", K.TEREDO),
        ("2001:2::1", K.BENCHMARKING),
        ("2001:20::1", K.RESERVED),
        ("2001:200::1", K.PUBLIC),
        ("2001:4860:4860::8888", K.PUBLIC),
        ("2001:db8::1", K.DOCUMENTATION),
        ("2002:7f00:1::", K.SIX_TO_FOUR),
        ("2002:808:808::", K.SIX_TO_FOUR),
        ("2606:4700::1111", K.PUBLIC),
        ("3fff::1", K.DOCUMENTATION),
        ("4000::1", K.RESERVED),
        ("5f00::1", K.SEGMENT_ROUTING),
        ("fc00::1", K.UNIQUE_LOCAL),
        ("fd00:ec2::254", K.METADATA),
        ("fdff:ffff::1", K.UNIQUE_LOCAL),
        ("fe80::1", K.LINK_LOCAL),
        ("fe80::1%eth0", K.LINK_LOCAL),
        ("febf::1", K.LINK_LOCAL),
        ("fec0::1", K.SITE_LOCAL),
        ("ff02::1", K.MULTICAST),
        ("::1%1", K.LOOPBACK),
        ("::ffff:10.0.0.1%1", K.PRIVATE),
    ],
)
def test_every_range_is_classified_when_asked_from_its_edges(text: str, kind: AddressKind) -> None:
    assert classify(ip_address(text)) is kind


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "2130706433",
        "017700000001",
        "0x7f000001",
        "0x7f.1",
        "0177.0.0.1",
        "127.1",
        "127.0.1",
        "127.0.0.1.",
        "１２７.０.０.１",  # noqa: RUF001 that is the point
        "127\u30020\u30020\u30021",
        "127\uff0e0\uff0e0\uff0e1",
        "\u2460\u2461\u2466.0.0.1",
        "[::1]",
        "::ffff:7f00:1",
        "[::ffff:127.0.0.1%25lo]",
        "::7f00:1",
    ],
)
def test_every_spelling_of_loopback_is_read_as_loopback(host: str) -> None:
    address = literal_address(host)
    assert address is not None
    assert classify(address) is AddressKind.LOOPBACK


@pytest.mark.parametrize("host", ["example.com", "localhost", "127.0.0.1.example.com", "", "127.0.0.1 x", "1.2.3.4.5"])
def test_a_name_is_no_literal(host: str) -> None:
    assert literal_address(host) is None


@pytest.mark.parametrize(
    ("text", "inner"),
    [
        ("64:ff9b::a9fe:a9fe", "169.254.169.254"),
        ("2002:7f00:1::", "127.0.0.1"),
        ("2001:0:4136:e378:8000:63bf:80ff:fffe", "127.0.0.1"),
    ],
)
def test_a_transition_address_tells_where_it_comes_out(text: str, inner: str) -> None:
    assert carried_ipv4(ip_address(text)) == ip_address(inner)


@pytest.mark.parametrize("text", ["8.8.8.8", "192.88.99.1", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_an_ordinary_address_carries_nothing(text: str) -> None:
    assert carried_ipv4(ip_address(text)) is None


def test_a_mapped_address_is_reached_over_ipv4() -> None:
    assert reached(ip_address("::ffff:8.8.8.8")) == ip_address("8.8.8.8")
    assert str(reached(ip_address("fe80::1%eth0"))) == "fe80::1"
