"""ContactPoints: normal forms, or None."""

import pytest

from application.ports.contact_points import ContactPoints
from infrastructure.system.contact_points import LocalContactPoints


@pytest.fixture
def contacts() -> ContactPoints:
    return LocalContactPoints(lambda url: "is refused" if "127.0.0.1" in url else None)


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("Ann@Example.ORG", "Ann@example.org"),
        ("ann+tag@example.org", "ann+tag@example.org"),
        ("ann@bücher.example", "ann@bücher.example"),
        ("ann@shop.test", "ann@shop.test"),
        ("Ann@Mail.LOCAL", "Ann@mail.local"),
        ("root@localhost", "root@localhost"),
        ("ann@.local", None),
        ("a b@mail.local", None),
        ("@localhost", None),
        ("ann@gmail", None),
        ("ann", None),
        ("ann@", None),
        ("a@b@example.org", None),
        ("ann@example.org, bob@example.org", None),
        ("ann@example.org\r\nBcc: eve@example.org", None),
        ("=?UTF-8?Q?=0A?=@example.org", None),
        ('"quoted part"@example.org', None),
        ("a" * 310 + "@example.org", None),
        ("ann@example.org\x00", None),
    ],
)
def test_email_has_one_form_or_none(contacts: ContactPoints, text: str, normal: str | None) -> None:
    assert contacts.email(text) == normal


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("+49 170 1234567", "+491701234567"),
        ("+1 (415) 555-2671", "+14155552671"),
        ("01701234567", None),
        ("+0170123456", None),
        ("+" + "1" * 16, None),
        ("+49call", None),
        ("+٤٩١٧٠١٢٣٤٥٦٧", None),
    ],
)
def test_phone_is_e164_or_none(contacts: ContactPoints, text: str, normal: str | None) -> None:
    assert contacts.phone(text) == normal


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("de", "de"),
        ("DE_at", "de-AT"),
        ("zh-hant-tw", "zh-Hant-TW"),
        ("es-419", "es-419"),
        ("x", None),
        ("de-AT-x", None),
    ],
)
def test_locale_is_a_language_tag_or_none(contacts: ContactPoints, text: str, normal: str | None) -> None:
    assert contacts.locale(text) == normal


@pytest.mark.parametrize(
    ("text", "normal"), [("Europe/Berlin", "Europe/Berlin"), ("Mars/Base", None), ("../etc", None)]
)
def test_timezone_is_known_or_none(contacts: ContactPoints, text: str, normal: str | None) -> None:
    assert contacts.timezone(text) == normal


def test_webhook_url_is_none_when_it_is_refused(contacts: ContactPoints) -> None:
    assert contacts.webhook_url("https://example.org/hook") == "https://example.org/hook"
    assert contacts.webhook_url("http://127.0.0.1/hook") is None
