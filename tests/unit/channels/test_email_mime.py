"""B-18 and what a mail looks like."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import SMTP, default
from typing import Any
from uuid import UUID

import pytest

from application.ports.notification_channel import OutboundMessage
from domain.notifications.channel import Channel
from infrastructure.channels.email.address import InvalidAddress
from infrastructure.channels.email.headers import UnsafeHeader, assert_headers, header_block
from infrastructure.channels.email.mime import EmailComposer
from infrastructure.memory.fixed_clock import FixedClock

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
DELIVERY = UUID("019579a0-0000-7000-8000-000000000001")
INTENDED = ["Auto-Submitted", "Content-Type", "Date", "From", "MIME-Version", "Message-ID", "Subject", "To"]
INJECTIONS = [
    "hi\r\nBcc: x@evil.example",
    "hi\nBcc: x@evil.example",
    "hi\rBcc: x@evil.example",
    "=?UTF-8?Q?=0A?=Bcc: x@evil.example",
    "hi=?UTF-8?Q?=0A?=Bcc: x@evil.example é",
    "hi =?UTF-8?B?DQpCY2M6IHhAZXZpbC5leGFtcGxl?= é",
    "=?utf-8?q?=0D=0ABcc:_x@evil.example?=",
    "hi%0d%0aBcc: x@evil.example",
    "hi\u2028Bcc: x@evil.example",
    "hi\x85Bcc: x@evil.example",
    "hi\x00\x0bBcc: x@evil.example",
    "\r\n\r\n<script>alert(1)</script>",
    "\ud800 lone",
    '" <x@evil.example>, "',
    "a" * 5_000,
    "é" * 5_000,
    "",
]


def message(**changes: Any) -> OutboundMessage:
    plain = OutboundMessage(
        delivery_id=DELIVERY,
        notification_id=UUID(int=2),
        tenant_id="default",
        subscriber_id="u1",
        channel=Channel.EMAIL,
        address={"email": "ada@example.com"},
        title="Shipped",
        body="Your order is on its way",
        created_at=NOON,
    )
    return replace(plain, **changes)


def composer(sender: str = "Carillon <no-reply@carillon.example>") -> EmailComposer:
    return EmailComposer(sender, FixedClock(NOON))


def parsed(**changes: Any) -> EmailMessage:
    mail = message_from_bytes(composer().compose(message(**changes)).content, policy=default)
    assert isinstance(mail, EmailMessage)
    return mail


def part(mail: EmailMessage, kind: str) -> str:
    body = mail.get_body((kind,))
    assert body is not None
    content = body.get_content()
    assert isinstance(content, str)
    return content


def raw_header_names(content: bytes) -> list[str]:
    """Read by no parser of ours: every line before the empty one that does not begin with a space."""
    head = re.split(rb"\r\n\r\n|\n\n|\r\r", content)[0]
    return sorted(line.split(b":")[0].decode() for line in re.split(rb"\r\n|\n|\r", head) if line[:1] not in b" \t")


def test_a_mail_has_what_mail_needs() -> None:
    mail = parsed(address={"email": "ada@example.com", "name": "Ada Lovelace"})
    assert mail["From"] == "Carillon <no-reply@carillon.example>"
    assert mail["To"] == "Ada Lovelace <ada@example.com>"
    assert mail["Subject"] == "Shipped"
    assert mail["Message-ID"] == f"<{DELIVERY}@carillon.example>"
    assert mail["Date"].datetime == NOON
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail.get_content_type() == "multipart/alternative"
    assert part(mail, "plain").strip() == "Your order is on its way"
    assert "Your order is on its way</p>" in part(mail, "html")
    assert mail.defects == []


def test_content_is_seven_bit_with_crlf_and_short_lines() -> None:
    content = composer().compose(message(title="Größe " * 40, body="Größe\n" + "x" * 3_000)).content
    assert content.isascii()
    assert b"\n" not in content.replace(b"\r\n", b"")
    assert max(len(line) for line in content.split(b"\r\n")) <= 998


def test_its_trace_can_be_told_by_whoever_got_it_when_there_is_one() -> None:
    trace_id = "4bf92f3577b34da6a3ce929d0e0e4736"
    traced = EmailComposer("no-reply@carillon.example", FixedClock(NOON), trace_id=lambda: trace_id)
    content = traced.compose(message()).content
    assert message_from_bytes(content, policy=default)["X-Trace-ID"] == trace_id
    assert raw_header_names(content) == sorted([*INTENDED, "X-Trace-ID"])


@pytest.mark.parametrize("title", INJECTIONS)
def test_b18_a_subject_adds_no_header(title: str) -> None:
    content = composer().compose(message(title=title)).content
    assert raw_header_names(content) == INTENDED
    assert "evil.example" not in str(message_from_bytes(content, policy=default)["Bcc"])


@pytest.mark.parametrize("name", INJECTIONS)
def test_b18_a_display_name_adds_no_header_and_no_recipient(name: str) -> None:
    content = composer().compose(message(address={"email": "ada@example.com", "name": name})).content
    assert raw_header_names(content) == INTENDED
    to = message_from_bytes(content, policy=default)["To"]
    assert [address.addr_spec for address in to.addresses] == ["ada@example.com"]


@pytest.mark.parametrize("title", ["=?UTF-8?Q?=0A?=Bcc: x", "Größe 🎉", "a" * 900, '50% off, "today" <only>'])
def test_b18_a_subject_arrives_as_it_was_written(title: str) -> None:
    raw = message_from_bytes(composer().compose(message(title=title)).content, policy=SMTP)
    # Decoded once, as a reader does.
    value = re.sub(r"\r\n\s", " ", dict(raw.raw_items())["Subject"])
    assert str(make_header(decode_header(value))) == title


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ada",
        "ada@",
        "@example.com",
        "ada@example.com,eve@example.com",
        "ada@example.com;eve@example.com",
        "ada@example.com eve@example.com",
        "Ada <ada@example.com>",
        "<ada@example.com>",
        '"ada lovelace"@example.com',
        '"ada\r\nBcc: x"@example.com',
        "ada@example.com\r\nBcc: x@evil.example",
        "ada@example.com\n",
        "ada\r@example.com",
        "ada%0d%0a@exa mple.com",
        "=?UTF-8?Q?=0A?=@example.com\n",
        "ada@[127.0.0.1]",
        "ada@exam\x00ple.com",
        "größe@example.com",
        "a" * 65 + "@example.com",
        "a@" + "b" * 64 + ".example",
        "a..b@example.com",
        ".a@example.com",
        "a@-b.example",
        "a@" + ".".join(["b" * 60] * 5) + ".com",
    ],
)
def test_b18_anything_but_one_plain_address_is_refused(address: str) -> None:
    with pytest.raises(InvalidAddress):
        composer().compose(message(address={"email": address}))


@pytest.mark.parametrize(
    ("address", "sent_to"),
    [
        ("ada@example.com", "ada@example.com"),
        ("ada+tag@example.com", "ada+tag@example.com"),
        ("ada@größe.example", "ada@xn--gre-6ka8i.example"),
        ("root@localhost", "root@localhost"),
        ("ada@mail.local", "ada@mail.local"),
    ],
)
def test_the_envelope_is_ascii(address: str, sent_to: str) -> None:
    mail = composer().compose(message(address={"email": address}))
    assert mail.recipient == sent_to
    assert mail.sender == "no-reply@carillon.example"


@pytest.mark.parametrize(
    ("sender", "header"),
    [
        ("news@carillon.example", "news@carillon.example"),
        ("Foo, Inc. <news@carillon.example>", '"Foo, Inc." <news@carillon.example>'),
        ('"Foo (Bar)" <news@carillon.example>', '"Foo (Bar)" <news@carillon.example>'),
        ("Größe <no-reply@localhost>", "Größe <no-reply@localhost>"),
    ],
)
def test_the_sender_may_have_a_name(sender: str, header: str) -> None:
    mail = message_from_bytes(composer(sender).compose(message()).content, policy=default)
    assert mail["From"] == header


@pytest.mark.parametrize("sender", ["", "Carillon", "a@b@c", "a@example.com\r\nBcc: x@example.com"])
def test_a_sender_that_is_no_address_fails_when_configured(sender: str) -> None:
    with pytest.raises(ValueError, match="e-mail address"):
        composer(sender)


def test_html_is_escaped() -> None:
    html = part(parsed(title="<b>&", body="<script>alert('1')</script>\n\nSecond", locale='"><script>'), "html")
    assert "<script>" not in html
    assert "&lt;b&gt;&amp;" in html
    assert "&lt;script&gt;" in html
    assert html.count("<p ") == 2


def test_a_rendered_mail_takes_the_place_of_our_template() -> None:
    rendered = "<!doctype html><html><body><h1>Grüße 🎉</h1>\r\n<p>Hi\x00 \ud800</p></body></html>"
    mail = parsed(html=rendered, body="Plain words")
    assert mail.get_content_type() == "multipart/alternative"
    assert part(mail, "plain").strip() == "Plain words"
    html = part(mail, "html").replace("\r\n", "\n").strip()
    assert html == "<!doctype html><html><body><h1>Grüße 🎉</h1>\n<p>Hi ?</p></body></html>"


@pytest.mark.parametrize("html", ["<p>" + "x" * 100_000 + "</p>", "Größe" * 5_000, "\r\n.\r\nBcc: x@evil.example\r\n"])
def test_a_rendered_mail_is_seven_bit_with_short_lines_whatever_it_holds(html: str) -> None:
    content = composer().compose(message(html=html)).content
    assert content.isascii()
    assert b"\n" not in content.replace(b"\r\n", b"")
    assert max(len(line) for line in content.split(b"\r\n")) <= 998
    assert raw_header_names(content) == INTENDED


@pytest.mark.parametrize("html", [None, ""])
def test_our_template_is_used_when_nothing_was_rendered(html: str | None) -> None:
    assert "Your order is on its way</p>" in part(parsed(html=html), "html")


def test_the_parts_are_those_of_the_mail_before_anything_is_encoded() -> None:
    address = {"email": "ada@example.com", "name": "Ada\r\nLovelace"}
    parts = composer().compose(message(address=address, title="Größe\n🎉", html="<p>é</p>")).parts
    assert (parts.sender_name, parts.recipient_name, parts.subject) == ("Carillon", "Ada Lovelace", "Größe 🎉")
    assert (parts.text, parts.html) == ("Your order is on its way", "<p>é</p>")
    assert dict(parts.headers) == {
        "Message-ID": f"<{DELIVERY}@carillon.example>",
        "Auto-Submitted": "auto-generated",
    }


def test_actions_are_links_in_both_parts_when_they_lead_to_the_web() -> None:
    actions = [
        {"id": "track", "label": 'Track "it"', "url": "https://example.com/t?a=1&b=2"},
        {"id": "bare", "url": "https://example.com/bare"},
        {"id": "bad", "label": "Bad", "url": "javascript:alert(1)"},
        {"id": "worse", "label": "Worse", "url": 'https://example.com/" onclick="x'},
        {"id": "none", "label": "None"},
    ]
    mail = parsed(actions=actions)
    assert 'Track "it": https://example.com/t?a=1&b=2' in part(mail, "plain")
    html = part(mail, "html")
    assert '<a href="https://example.com/t?a=1&amp;b=2">Track &#34;it&#34;</a>' in html
    assert "https://example.com/bare</a>" in html
    assert "javascript" not in html
    assert "onclick" not in html


def test_unsubscribing_is_one_click_when_there_is_a_url() -> None:
    url = "https://carillon.example/u/" + "t" * 300
    content = composer().compose(message(unsubscribe_url=url)).content
    assert f"List-Unsubscribe: <{url}>\r\n".encode() in content  # readers look for it unfolded and unencoded
    assert b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in content
    assert f'href="{url}"' in part(parsed(unsubscribe_url=url), "html")


@pytest.mark.parametrize(
    "url", ["https://a.example/\r\nBcc: x", "https://a.example/> <b", "mailto:x@y", "https://a/" + "b" * 1_000]
)
def test_b18_an_unsubscribe_url_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(UnsafeHeader):
        composer().compose(message(unsubscribe_url=url))


@pytest.mark.parametrize(
    "raw",
    [
        b"Subject: a\r\nBcc: x\r\n",
        b"Subject: a\nBcc: x\r\n",
        b"Subject: a\rBcc: x\r\n",
        b"Subject: a\r\n\r\nBcc: x\r\n",
        b"Subject: a\r\nSubject: b\r\n",
        b"Subject: \xc3\xa9\r\n",
        b"Subject: a\x00\r\n",
        b"Subject : a\r\n",
        b"Su\xadbject: a\r\n",
        b"Subject: " + b"a" * 1_000 + b"\r\n",
        b"",
    ],
)
def test_b18_the_check_after_serialising_finds_what_was_not_intended(raw: bytes) -> None:
    with pytest.raises(UnsafeHeader):
        assert_headers(raw, ["Subject"])


def test_the_check_after_serialising_passes_what_was_intended() -> None:
    assert_headers(b"Subject: a\r\n b\r\nTo: c\r\n", ["To", "Subject"])


def test_b18_a_newline_in_a_header_name_is_found() -> None:
    raw = header_block([("Subject\r\nBcc", "x")])
    with pytest.raises(UnsafeHeader):
        assert_headers(raw, ["Subject\r\nBcc"])
