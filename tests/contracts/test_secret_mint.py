"""SecretMint. One adapter: there is one good source of randomness on a machine."""

from base64 import b64decode, urlsafe_b64decode
from collections.abc import Callable

import pytest
from standardwebhooks import Webhook

from application.ports.secret_mint import SecretMint
from domain.identity.api_key import ALPHABET, parse
from domain.identity.password import password_bytes
from infrastructure.security.os_random import OsRandomSecretMint


@pytest.fixture
def mint() -> SecretMint:
    return OsRandomSecretMint()


def test_an_api_key_has_the_right_form_and_checksum_when_made(mint: SecretMint) -> None:
    for _ in range(200):
        assert parse(mint.api_key()) is not None


def test_every_letter_and_digit_occurs_when_many_keys_are_made(mint: SecretMint) -> None:
    bodies = "".join(mint.api_key()[4:34] for _ in range(200))

    assert set(bodies) == set(ALPHABET)


def test_a_ticket_has_256_bits_when_made(mint: SecretMint) -> None:
    assert len(urlsafe_b64decode(mint.ticket() + "=")) == 32


def test_a_password_is_long_plain_and_allowed_when_made(mint: SecretMint) -> None:
    password = mint.password()

    assert len(password) == len(password_bytes(password)) == 24
    assert password.isalnum()


def test_a_webhook_secret_is_understood_by_other_implementations_when_made(mint: SecretMint) -> None:
    secret = mint.webhook_secret()

    assert len(b64decode(secret.removeprefix("whsec_"), validate=True)) == 32
    assert Webhook(secret) is not None


@pytest.mark.parametrize("kind", ["api_key", "ticket", "password", "webhook_secret"])
def test_no_secret_comes_twice_when_many_are_made(mint: SecretMint, kind: str) -> None:
    make: Callable[[], str] = getattr(mint, kind)

    assert len({make() for _ in range(1_000)}) == 1_000
