"""Keys derived from AUTH_SECRET, against a second implementation of HKDF."""

import hmac
from base64 import b64decode
from hashlib import sha256

import pytest

from infrastructure.security.keyring import KeyRing, Purpose

OLD = "an-older-secret-of-thirty-two-bytes!"
NEW = "the-current-secret-of-32-bytes-long!"


def hkdf_sha256(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    """RFC 5869 from its text: extract, then expand."""
    pseudorandom = hmac.digest(salt, secret, sha256)
    output, block = b"", b""
    for number in range(1, -(-length // 32) + 1):
        block = hmac.digest(pseudorandom, block + info + bytes([number]), sha256)
        output += block
    return output[:length]


def test_reference_derivation_is_right_when_compared_with_the_published_vector() -> None:
    derived = hkdf_sha256(
        bytes.fromhex("0b" * 22),
        bytes.fromhex("000102030405060708090a0b0c"),
        bytes.fromhex("f0f1f2f3f4f5f6f7f8f9"),
        42,
    )

    assert derived.hex() == ("3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865")


@pytest.mark.parametrize("purpose", list(Purpose))
def test_keys_are_hkdf_of_the_secret_when_derived(purpose: Purpose) -> None:
    (key,) = KeyRing(NEW).keys(purpose)

    assert key.material == hkdf_sha256(NEW.encode(), b"carillon", f"carillon/1/{purpose.value}".encode(), 32)
    assert key.id == hkdf_sha256(NEW.encode(), b"carillon", f"carillon/1/{purpose.value}/id".encode(), 8).hex()


def test_purposes_keep_their_names_when_the_code_changes() -> None:
    assert {purpose.value for purpose in Purpose} == {"jwt", "cursor", "secret-box", "webhook-default"}


def test_no_two_keys_are_equal_when_purpose_or_secret_differ() -> None:
    ring = KeyRing(NEW, (OLD,))
    keys = [key for purpose in Purpose for key in ring.keys(purpose)]

    assert len({key.material for key in keys}) == len({key.id for key in keys}) == 2 * len(Purpose)


def test_the_current_key_comes_first_when_a_secret_was_rotated() -> None:
    rotated = KeyRing(NEW, (OLD,)).keys(Purpose.JWT)

    assert rotated == KeyRing(NEW).keys(Purpose.JWT) + KeyRing(OLD).keys(Purpose.JWT)


def test_a_secret_counts_once_when_it_is_listed_again() -> None:
    assert len(KeyRing(NEW, (OLD, NEW, OLD)).keys(Purpose.JWT)) == 2


@pytest.mark.parametrize(("secret", "previous"), [("x" * 31, ()), ("", ()), (NEW, ("x" * 31,))])
def test_a_ring_is_refused_without_naming_the_secret_when_one_is_too_short(
    secret: str, previous: tuple[str, ...]
) -> None:
    with pytest.raises(ValueError, match="at least 32 bytes") as refusal:
        KeyRing(secret, previous)

    assert "xxx" not in str(refusal.value)


def test_length_is_counted_in_bytes_when_the_secret_is_not_ascii() -> None:
    assert KeyRing("é" * 16).keys(Purpose.JWT)


def test_key_material_stays_out_of_logs_when_printed() -> None:
    (key,) = KeyRing(NEW).keys(Purpose.JWT)

    assert repr(key) == f"DerivedKey(id='{key.id}')"
    assert NEW not in repr(vars(KeyRing(NEW))["_keys"])


def test_each_tenant_has_its_own_webhook_secrets_when_derived() -> None:
    ring = KeyRing(NEW, (OLD,))
    current, previous = ring.webhook_secrets("acme")
    expected = hkdf_sha256(NEW.encode(), b"carillon", b"carillon/1/webhook-default/tenant/acme", 32)

    assert current.startswith("whsec_")
    assert b64decode(current.removeprefix("whsec_"), validate=True) == expected
    assert len({current, previous, *ring.webhook_secrets("other")}) == 4
