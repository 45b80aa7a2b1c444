"""Every key of the installation, derived from `AUTH_SECRET`.

HKDF-SHA256 (RFC 5869) with the salt `carillon` and the info `carillon/1/<purpose>[/<part>]`. Keys of different purposes
tell nothing about one another or about the secret, so one secret to configure and to rotate is enough.
"""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MIN_SECRET_BYTES: Final = 32
KEY_BYTES: Final = 32
_ID_BYTES: Final = 8


class Purpose(StrEnum):
    """What a key is for; a part of its derivation, so renaming one invalidates what it made."""

    JWT = "jwt"
    CURSOR = "cursor"
    SECRET_BOX = "secret-box"  # noqa: S105 - a name, not a secret
    WEBHOOK_DEFAULT = "webhook-default"


@dataclass(frozen=True, slots=True)
class DerivedKey:
    """`id` is derived beside the key and may be published; `material` is 32 bytes."""

    id: str
    material: bytes = field(repr=False)


class KeyRing:
    """The keys of the current secret and of those that were rotated out but must still verify and open.

    Secrets are used as their UTF-8 bytes, 32 at least, else ValueError. Listing a previous secret twice, or the current
    one among them, changes nothing.
    """

    def __init__(self, secret: str, previous: Sequence[str] = ()) -> None:
        self._secrets = tuple(dict.fromkeys(_usable(text) for text in (secret, *previous)))
        self._keys = {purpose: tuple(_key(secret, purpose) for secret in self._secrets) for purpose in Purpose}

    def keys(self, purpose: Purpose) -> tuple[DerivedKey, ...]:
        """The current key first, then the previous ones in the order they were given."""
        return self._keys[purpose]

    def webhook_secrets(self, tenant_id: str) -> tuple[str, ...]:
        """Standard Webhooks secrets for endpoints of a tenant that have none of their own, the current one first.

        Each tenant gets its own: whoever can verify the calls of one tenant could forge those of another otherwise.
        """
        return tuple(
            "whsec_" + b64encode(_derive(secret, f"{Purpose.WEBHOOK_DEFAULT}/tenant/{tenant_id}", KEY_BYTES)).decode()
            for secret in self._secrets
        )


def _usable(secret: str) -> bytes:
    material = secret.encode()
    if len(material) < MIN_SECRET_BYTES:
        raise ValueError(f"AUTH_SECRET and each of AUTH_SECRET_PREVIOUS need at least {MIN_SECRET_BYTES} bytes")
    return material


def _key(secret: bytes, purpose: Purpose) -> DerivedKey:
    return DerivedKey(_derive(secret, f"{purpose}/id", _ID_BYTES).hex(), _derive(secret, purpose, KEY_BYTES))


def _derive(secret: bytes, name: str, length: int) -> bytes:
    kdf = HKDF(algorithm=SHA256(), length=length, salt=b"carillon", info=f"carillon/1/{name}".encode())
    return kdf.derive(secret)
