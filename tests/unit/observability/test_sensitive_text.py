from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infrastructure.observability.sensitive_text import mask_phone, redact_text

KEY = "crl_0123456789ABCDEFGHIJKLMNOPQRSTabcdef"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ1MSJ9.c2lnbmF0dXJlLW9mLWl0"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"key {KEY} refused", "key crl_*** refused"),
        ("crl_short", "crl_***"),
        (f"token={JWT}", "token=***"),
        (f"bad jwt {JWT}!", "bad jwt [jwt]!"),
        (f"cut {JWT[:30]}", "cut [jwt]"),
        ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_***"),
        ("Bearer abc.def sent", "Bearer *** sent"),
        ("Authorization: ApiKey crl_1\nHost: x", "Authorization=***\nHost: x"),
        ("Basic dXNlcjpwYXNz", "Basic ***"),
        ("cookie: sid=abc; theme=dark\r\nHost: x", "cookie=***\r\nHost: x"),
        ("redis://:hunter2@cache:6379/0", "redis://:***@cache:6379/0"),
        ("postgresql+asyncpg://app:p@ss/w:rd@db:5432/x", "postgresql+asyncpg://app:***@db:5432/x"),
        ("https://0123abcd@errors.example.org/1", "https://***@errors.example.org/1"),
        ("amqp://a:one@h1,amqp://b:two@h2", "amqp://a:***@h2"),
        ("GET /sse/notifications?ticket=abc-_123&x=1", "GET /sse/notifications?ticket=***&x=1"),
        ("/cb?code=4/0Ab&state=zz#top", "/cb?code=***&state=***#top"),
        ("password=hunter2, user=u1", "password=*** user=u1"),
        ('{"password": "hunter2", "user": "u1"}', '{"password=***, "user": "u1"}'),
        ("{'api_key': 'hunter2', 'n': 1}", "{'api_key=***, 'n': 1}"),
        ('{\\"secret\\": \\"hunter2\\"}', '{\\"secret=***'),
        ('"token": "never closed', '"token=***'),
        ("{'tokens': ['one', 'two'], 'n': 1}", "{'tokens=***, 'n': 1}"),
        ("Credential(secret='hunter2', id=1)", "Credential(secret=***, id=1)"),
        ("[(b'cookie', b'sid=abc'), (b'host', b'x')]", "[(b'cookie=***), (b'host', b'x')]"),
        ("<password>hunter2</password>", "<password=***</password>"),
        ("[parameters: ('u1', 'hunter2')]\n(Background on", "[parameters: ***]\n(Background on"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\nok", "[private key]\nok"),
        ("-----BEGIN PRIVATE KEY-----\nMIIE cut", "[private key]"),
        ("https://hooks.slack.com/services/T0/B0/xyz failed", "https://hooks.slack.com/*** failed"),
        ("https://discord.com/api/webhooks/12/abc", "https://discord.com/api/webhooks/***"),
        ("https://api.telegram.org/bot12:AbC/sendMessage", "https://api.telegram.org/bot***"),
        ("xoxb-12-34-abc", "xoxb-***"),
        ("to alice@example.org now", "to a***@example.org now"),
        ("<alice.b+tag@mail.example.co.uk>", "<a***@mail.example.co.uk>"),
        ('"alice b"@example.org', "***@example.org"),
        ("?email=alice%40example.org", "?email=a***@example.org"),
        ("root@localhost", "r***@localhost"),
        ("жанна@пример.рф", "ж***@пример.рф"),
        ("call +49 171 2345678!", "call +49***78!"),
        ("+4917123456789", "+49***89"),
        ("+1 (555) 123-4567", "+15***67"),
        ("00491712345678", "00***78"),
        ("(555) 123-4567", "55***67"),
        ("555-123-4567", "55***67"),
    ],
)
def test_hides_what_must_not_be_seen_when_it_stands_in_text(text: str, shown: str) -> None:
    assert redact_text(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "", "GET", "http.request", "api_key:01a1f858-5420-72b3-b051-7e1d5ece8628",
        "/api/v1/notifications/{id}", "01a1f858-5420-72b3-b051-7e1d5ece8628",
        "4bf92f3577b34da6a3ce929d0e0e4736", "2026-10-10T08:30:00.123Z", "2026-10-10T08:30:00+11:00", "10.0.0.1",
        "2001:db8::1",
        "http://127.0.0.1:8000/health", "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
        "took 1234 ms, 5 of 7 done", "token expired", "the digest window closed", "3 passed: 10 bypassed", "ping: 5 ms",
        "pip install carillon@1.2.3", "x = 1+23456", "SELECT * FROM jobs WHERE id = ?", "basic auth", "smtp 550 5.1.1",
    ],
)  # fmt: skip
def test_leaves_text_alone_when_there_is_nothing_to_hide(text: str) -> None:
    assert redact_text(text) is text


@pytest.mark.parametrize(
    ("number", "shown"),
    [("+4917123456789", "+49***89"), ("0171 2345678", "01***78"), ("12345", "***"), ("", "***"), ("none", "***")],
)
def test_shows_four_digits_when_a_phone_number_is_masked(number: str, shown: str) -> None:
    assert mask_phone(number) == shown


@given(
    st.text(max_size=80), st.text(max_size=80), st.sampled_from([KEY, JWT, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])
)
def test_no_secret_of_ours_survives_when_anything_stands_around_it(before: str, after: str, secret: str) -> None:
    assert secret not in redact_text(f"{before} {secret}{after}")


@pytest.mark.parametrize(
    "seed",
    ["://:", "a@", "%40", "token", "token=\\", "token=[", '"', "-----begin private key-----", "00 1", "+1 ", "basic ",
     "eyJ", "cookie=(", "cookie':", "a.a@", "1-1-", "?key=", "token[[[", "\\", "password-", "a.", "+1", "://a:b"],
)  # fmt: skip
def test_time_stays_bounded_when_the_text_is_made_to_be_slow(seed: str) -> None:
    text = (seed * 40_000)[:32_768] + "@"
    started = perf_counter()
    redact_text(text)
    assert perf_counter() - started < 2
