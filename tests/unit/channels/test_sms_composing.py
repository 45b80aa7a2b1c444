"""B-19 and the text of an SMS."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from application.ports.notification_channel import OutboundMessage, SendReport
from domain.notifications.attempt import AttemptOutcome
from domain.notifications.channel import Channel
from infrastructure.channels.sms.composing import Sms, sms_or_report


def composed(
    *, phone: Any = "+491701234567", title: str = "Shipped", body: str = "On its way", longest: int = 1_600
) -> Sms | SendReport:
    message = OutboundMessage(
        delivery_id=UUID(int=1),
        notification_id=UUID(int=2),
        tenant_id="default",
        subscriber_id="u1",
        channel=Channel.SMS,
        address={} if phone is None else {"phone": phone},
        title=title,
        body=body,
        created_at=datetime(2026, 3, 1, 12, 0, tzinfo=UTC),
    )
    return sms_or_report(message, refused_prefixes=("+4990", "+1900"), longest=longest)


def text_of(**changes: Any) -> str:
    sms = composed(**changes)
    assert isinstance(sms, Sms)
    return sms.text


@pytest.mark.parametrize(
    ("phone", "word"),
    [
        (None, "no_address"),
        ("", "no_address"),
        ("call me maybe", "invalid_number"),
        ("+49170CALLME", "invalid_number"),
        ("+" + "4" * 40, "invalid_number"),
        ("+" + "4" * 16, "invalid_number"),
        ("+491234", "invalid_number"),
        ("+0491701234567", "invalid_number"),
        ("00491701234567", "invalid_number"),
        ("+49 170 1234567", "invalid_number"),
        ("+491701234567\n", "invalid_number"),
        ("+491701234567,+491701234568", "invalid_number"),
        ("+٤٩١٧٠١٢٣٤٥٦٧", "invalid_number"),
        ("+4" + "\u0661" * 10, "invalid_number"),
        (491701234567, "invalid_number"),
        (["+491701234567"], "invalid_number"),
        ("+49900123456", "refused_prefix"),
        ("+19005550000", "refused_prefix"),
    ],
)
def test_b19_a_number_that_will_not_do_ends_the_delivery(phone: object, word: str) -> None:
    report = composed(phone=phone)
    assert isinstance(report, SendReport)
    assert (report.outcome, report.error_code) == (AttemptOutcome.RECIPIENT_PERMANENT, f"sms.{word}")


@pytest.mark.parametrize("phone", ["+491701234567", "+1500555", "+" + "4" * 15, "+4919900"])
def test_a_number_is_taken_when_it_is_in_e164(phone: str) -> None:
    sms = composed(phone=phone)
    assert isinstance(sms, Sms)
    assert sms.phone == phone


@pytest.mark.parametrize(
    ("title", "body", "text"),
    [
        ("Title", "Body", "Body"),
        ("Title", "", "Title"),
        ("Title", " \r\n\x00 ", "Title"),
        ("", "a\r\nb\rc\td\x00\x1b[31m\x85\u2028e\x7f", "a\nb\nc d[31me"),
        ("", "\ud800 lone", "? lone"),
        ("", "Größe 🎉", "Größe 🎉"),
    ],
)
def test_the_text_is_the_body_or_else_the_title(title: str, body: str, text: str) -> None:
    assert text_of(title=title, body=body) == text


def test_the_delivery_ends_when_there_is_no_text() -> None:
    report = composed(title="\x00", body=" ")
    assert isinstance(report, SendReport)
    assert (report.outcome, report.error_code) == (AttemptOutcome.RECIPIENT_PERMANENT, "sms.no_text")


@pytest.mark.parametrize(
    ("body", "text"),
    [("a" * 11, "a" * 10), ("a" * 10, "a" * 10), ("a" * 9 + "😀", "a" * 9), ("😀" * 6, "😀" * 5), ("é" * 11, "é" * 10)],
)
def test_the_text_is_cut_between_characters_when_it_is_too_long(body: str, text: str) -> None:
    assert text_of(body=body, longest=10) == text
