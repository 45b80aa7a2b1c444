"""Secrets at rest under AES-256-GCM (NIST SP 800-38D)."""

import os
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from application.ports.secret_box import SecretBox, SecretUnreadable
from infrastructure.security import base64url
from infrastructure.security.keyring import KeyRing, Purpose

_VERSION: Final = "sb1"
_NONCE_BYTES: Final = 12


class AesGcmSecretBox(SecretBox):
    """`sb1.<key id>.<base64url of nonce, ciphertext and tag>`, with the first two parts and the place as AAD.

    Nonces are random, which is safe for 2^32 secrets under one key.
    """

    def __init__(self, ring: KeyRing) -> None:
        keys = ring.keys(Purpose.SECRET_BOX)
        self._current_id = keys[0].id
        self._ciphers = {key.id: AESGCM(key.material) for key in keys}

    def seal(self, plain: str, place: str) -> str:
        nonce = os.urandom(_NONCE_BYTES)
        secret = self._ciphers[self._current_id].encrypt(nonce, plain.encode(), _aad(self._current_id, place))
        return f"{_VERSION}.{self._current_id}.{base64url.encode(nonce + secret)}"

    def open(self, sealed: str, place: str) -> str:
        try:
            version, key_id, body = sealed.split(".")
            if version != _VERSION:
                raise ValueError("another version")
            data = base64url.decode(body)
            cipher = self._ciphers[key_id]
            return cipher.decrypt(data[:_NONCE_BYTES], data[_NONCE_BYTES:], _aad(key_id, place)).decode()
        except (ValueError, KeyError, InvalidTag) as reason:
            raise SecretUnreadable from reason

    def needs_reseal(self, sealed: str) -> bool:
        return not sealed.startswith(f"{_VERSION}.{self._current_id}.")


def _aad(key_id: str, place: str) -> bytes:
    if not place:
        raise ValueError("a secret needs a place")
    return f"{_VERSION}.{key_id}.{place}".encode()
