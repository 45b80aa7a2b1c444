"""The form of API keys and when one may be used (S-04, B-27)."""

import string
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain.identity.api_key import ApiKey, checksum_of, compose, parse
from domain.identity.principal import PrincipalKind
from domain.identity.scopes import Scope

BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
BODIES = st.text(alphabet=BASE62, min_size=30, max_size=30)
NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
KEY = ApiKey(
    id=UUID("0192f3a0-7c1e-7d52-9a37-3f1b2c4d5e6f"),
    tenant_id="acme",
    name="backend",
    digest="0" * 64,
    scopes=frozenset({Scope.TOPICS_READ}),
    created_at=NOW,
)


def crc32_bit_by_bit(data: bytes) -> int:
    """CRC-32/ISO-HDLC from its definition: reflected polynomial EDB88320, all ones before and after."""
    register = 0xFFFFFFFF
    for byte in data:
        register ^= byte
        for _ in range(8):
            register = (register >> 1) ^ (0xEDB88320 if register & 1 else 0)
    return register ^ 0xFFFFFFFF


def value_of(digits: str) -> int:
    return sum(BASE62.index(digit) * 62**place for place, digit in enumerate(reversed(digits)))


def test_reference_checksum_is_right_when_compared_with_the_published_check_value() -> None:
    assert crc32_bit_by_bit(b"123456789") == 0xCBF43926


@given(BODIES)
def test_checksum_is_the_crc_of_the_body_when_read_as_base62(body: str) -> None:
    assert len(checksum_of(body)) == 6
    assert value_of(checksum_of(body)) == crc32_bit_by_bit(body.encode())


def test_checksum_is_padded_with_zeros_when_the_crc_is_small() -> None:
    body = next(body for n in range(100_000) if crc32_bit_by_bit((body := f"{n:030d}").encode()) < 62**4)

    assert checksum_of(body).startswith("00")
    assert parse(f"crl_{body}{checksum_of(body)}") is not None


@given(BODIES)
def test_a_key_is_read_back_when_it_was_composed(body: str) -> None:
    secret = compose(body)

    assert parse(secret.text) == secret
    assert secret.text.startswith("crl_" + body)


@given(BODIES, st.integers(0, 39), st.characters())
@example("0" * 30, 39, "\n")
def test_a_key_is_refused_when_any_one_character_is_another(body: str, place: int, character: str) -> None:
    text = compose(body).text
    changed = text[:place] + character + text[place + 1 :]

    assert (parse(changed) is None) == (changed != text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "crl_",
        "crl_" + "0" * 36,
        compose("a" * 30).text + "\n",
        " " + compose("a" * 30).text,
        compose("a" * 30).text.upper(),
        compose("a" * 30).text.replace("crl_", "cr1_"),
        compose("a" * 30).text[:-1],
        compose("a" * 30).text + "0",
        compose("a" * 30).text.replace("a", "а"),  # noqa: RUF001 - a Cyrillic letter
        "crl_" + "٣" * 36,
        "\ud800",
        "crl_" * 1_000_000,
    ],
)
def test_text_is_refused_when_it_is_no_key(text: str) -> None:
    assert parse(text) is None


def test_compose_refuses_when_the_body_is_not_thirty_base62_characters() -> None:
    for body in ("a" * 29, "a" * 31, "a" * 29 + "-", "a" * 30 + "\n"):
        with pytest.raises(ValueError, match="30 base62"):
            compose(body)


def test_the_text_stays_out_of_logs_when_a_key_is_printed() -> None:
    assert "aaa" not in repr(compose("a" * 30))


def test_the_digest_is_sha256_of_the_whole_text_when_a_key_is_stored() -> None:
    secret = compose("a" * 30)

    assert secret.digest == sha256(secret.text.encode()).hexdigest()


def test_a_key_is_usable_until_the_instant_it_expires() -> None:
    key = replace(KEY, expires_at=NOW)

    assert key.usable(NOW - timedelta(microseconds=1))
    assert not key.usable(NOW)
    assert KEY.usable(NOW + timedelta(days=36_500))


def test_a_key_is_not_usable_when_it_was_revoked() -> None:
    revoked = KEY.revoke(NOW)

    assert not revoked.usable(NOW - timedelta(days=1))
    assert revoked.revoke(NOW + timedelta(days=1)).revoked_at == NOW


def test_the_caller_is_the_key_when_it_shows_one() -> None:
    principal = replace(KEY, expires_at=NOW).principal()

    assert (principal.kind, principal.tenant_id, principal.id) == (PrincipalKind.API_KEY, "acme", str(KEY.id))
    assert principal.scopes == KEY.scopes
    assert principal.expires_at == NOW
