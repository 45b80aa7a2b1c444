"""B-30 where the URL itself shows it, and what configuration opens."""

from ipaddress import ip_address

import pytest

from infrastructure.http_client.egress_policy import EgressPolicy

CLOSED = EgressPolicy()
LOOPBACK_OPEN = EgressPolicy(allow_cidrs=["127.0.0.0/8"])


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://localhost/",
        "http://api.localhost./",
        "http://2130706433/",
        "http://0x7f.1/",
        "http://0177.0.0.1/",
        "http://127.1/",
        "http://１２７.０.０.１/",  # noqa: RUF001 that is the point
        "http://127\u30020\u30020\u30021/",
        "http://127%2e0%2e0%2e1/",
        "http://0/",
        "http://[::1]/",
        "http://[::]/",
        "http://[::ffff:7f00:1]/",
        "http://[::ffff:169.254.169.254]/",
        "http://[::127.0.0.1]/",
        "http://[64:ff9b::a9fe:a9fe]/",
        "http://[2002:7f00:1::]/",
        "http://[5f00::1]/",
        "http://[ff02::1]/",
        "http://[fe80::1%25eth0]/",
        "http://[fe80::1%eth0]/",
        "http://[2606:4700::1111%25eth0]/",
        "http://100.64.0.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://a@127.0.0.1/",
        "http://a:b@example.com/",
        "http://@example.com/",
        "http://example.com\\@127.0.0.1/",
        "http://127.0.0.1\\@example.com/",
        "https://example.com:22/",
        "https://example.com:25/",
        "https://example.com:6379/",
        "https://example.com:0/",
        "https://example.com:99999/",
        "https://example.com:-1/",
        "file:///etc/passwd",
        "gopher://example.com/_x",
        "ftp://example.com/",
        "//example.com/hook",
        "example.com/hook",
        "http:///hook",
        "http://",
        "http://exa mple.com/",
        "http://example.com\r\nX: y/",
        "http://ex<a>mple.com/",
        "http://[::1/",
        "",
        "https://example.com/" + "a" * 2_048,
    ],
)
def test_b30_literal_check_refuses(url: str) -> None:
    assert CLOSED.check_url(url) is not None


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/hook?token=a@b#c",
        "HTTP://EXAMPLE.com",
        "http://example.com:80/",
        "https://example.com:443/",
        "https://my_host.example.com./",
        "https://müller.example/hook",
        "https://93.184.216.34/",
        "https://[2606:4700::1111]/",
        "https://localhost.example.com/",
    ],
)
def test_the_literal_check_passes_what_may_be_public(url: str) -> None:
    assert CLOSED.check_url(url) is None


def test_words_complete_a_sentence_that_begins_with_the_field() -> None:
    assert CLOSED.check_url("ftp://example.com") == "must begin with http:// or https://"
    assert CLOSED.check_url("http://10.0.0.1/") == "points to an address or port that is not allowed"


@pytest.mark.parametrize("url", ["http://127.0.0.1:8123/", "http://localhost:8123/", "http://[::ffff:127.0.0.1]:8123/"])
def test_an_opened_range_is_reached_on_any_http_port(url: str) -> None:
    assert CLOSED.check_url(url) is not None
    assert LOOPBACK_OPEN.check_url(url) is None


@pytest.mark.parametrize("port", [22, 25, 3306, 5432, 6379, 11211])
def test_b30_ports_of_other_protocols_stay_closed_when_a_range_is_opened(port: int) -> None:
    assert LOOPBACK_OPEN.check_url(f"http://127.0.0.1:{port}/") is not None
    assert LOOPBACK_OPEN.check_url(f"http://receiver.internal:{port}/") is not None


def test_a_name_may_use_any_http_port_only_when_some_range_is_opened() -> None:
    assert CLOSED.check_url("http://receiver.internal:9000/") is not None
    assert LOOPBACK_OPEN.check_url("http://receiver.internal:9000/") is None


def test_public_addresses_keep_to_the_listed_ports_when_a_range_is_opened() -> None:
    assert not LOOPBACK_OPEN.admits(ip_address("8.8.8.8"), 9000)
    assert EgressPolicy(allow_ports=[443, 9000]).admits(ip_address("8.8.8.8"), 9000)


@pytest.mark.parametrize(
    ("cidr", "address", "admitted"),
    [
        ("10.0.0.0/8", "10.1.2.3", True),
        ("10.0.0.0/8", "::ffff:10.1.2.3", True),
        ("10.0.0.0/8", "192.168.0.1", False),
        ("10.1.2.3", "10.1.2.3", True),
        (" 10.1.2.9/24 ", "10.1.2.3", True),
        ("0.0.0.0/0", "192.168.0.1", True),
        ("0.0.0.0/0", "169.254.169.254", False),
        ("0.0.0.0/0", "0.0.0.0", False),
        ("0.0.0.0/0", "224.0.0.1", False),
        ("0.0.0.0/0", "255.255.255.255", False),
        ("169.254.0.0/16", "169.254.169.254", False),
        ("169.254.169.254/32", "169.254.169.254", True),
        ("fd00::/8", "fd12::1", True),
        ("fd00::/8", "fd00:ec2::254", False),
        ("10.0.0.0/8", "64:ff9b::10.0.0.1", False),
        ("64:ff9b::/96", "64:ff9b::8.8.8.8", True),
        ("64:ff9b::/96", "64:ff9b::169.254.169.254", False),
        ("64:ff9b::/96", "64:ff9b::10.0.0.1", False),
        ("2002::/16", "2002:7f00:1::", False),
        ("::/0", "::", False),
    ],
)
def test_an_opened_range_opens_no_more_than_it_says(cidr: str, address: str, admitted: bool) -> None:
    assert EgressPolicy(allow_cidrs=[cidr]).admits(ip_address(address), 80) is admitted


@pytest.mark.parametrize("cidr", ["10.0.0.0/33", "internal", ""])
def test_a_range_that_is_none_fails_when_configured(cidr: str) -> None:
    with pytest.raises(ValueError, match="does not appear"):
        EgressPolicy(allow_cidrs=[cidr])
