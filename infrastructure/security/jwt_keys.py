"""Signed envelopes (JWS compact form) under the `jwt` keys: which headers are accepted, and the signature."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from infrastructure.security import base64url
from infrastructure.security.keyring import KeyRing, Purpose
from infrastructure.security.strict_json import read_object

JwtAlgorithm = Literal["HS256", "EdDSA"]
MAX_TOKEN_LENGTH: Final = 8192
TOKEN_TYPE: Final = "at+jwt"  # noqa: S105 - a media type, not a secret
_HEADER_NAMES: Final = frozenset({"alg", "typ", "kid"})


@dataclass(frozen=True, slots=True)
class _SigningKey:
    id: str
    signing: bytes | Ed25519PrivateKey
    verifying: bytes | Ed25519PublicKey


class JwtKeys:
    """Signs with the current key; verifies with it and the previous ones, under ONE algorithm.

    Tokens are judged by an allow-list: the header holds exactly `alg`, `typ` and `kid`, so everything that points at
    keys elsewhere (`jku`, `jwk`, `x5u`, `x5c`) or changes the rules (`crit`, `b64`, `zip`) is refused unread, and `kid`
    is only ever a name in a dictionary. ValueError for another algorithm than HS256 and EdDSA (Ed25519).
    """

    def __init__(self, ring: KeyRing, algorithm: JwtAlgorithm) -> None:
        keys = [_prepared(key.id, key.material, algorithm) for key in ring.keys(Purpose.JWT)]
        self._algorithm = algorithm
        self._current = keys[0]
        self._by_id = {key.id: key for key in keys}
        self._jws = jwt.PyJWS(algorithms=[algorithm])

    def sign(self, payload: bytes) -> str:
        """The compact form, with `typ` and `kid`."""
        headers = {"typ": TOKEN_TYPE, "kid": self._current.id}
        return self._jws.encode(payload, self._current.signing, self._algorithm, headers)

    def verified_payload(self, token: str) -> bytes:
        """What was signed; ValueError or `jwt.PyJWTError` otherwise."""
        if len(token) > MAX_TOKEN_LENGTH:
            raise ValueError("token is too long")
        # The library would let padding pass, and with it several spellings of one token.
        header, _, _ = (base64url.decode(part) for part in token.split("."))
        key = self._key_named_in(read_object(header))
        payload = self._jws.decode_complete(token, key.verifying, [self._algorithm])["payload"]
        return bytes(payload)

    def _key_named_in(self, header: Mapping[str, object]) -> _SigningKey:
        if header.keys() != _HEADER_NAMES:
            raise ValueError("header has other members than alg, typ and kid")
        if header["alg"] != self._algorithm or header["typ"] != TOKEN_TYPE:
            raise ValueError("another algorithm or type of token")
        kid = header["kid"]
        key = self._by_id.get(kid) if isinstance(kid, str) else None
        if key is None:
            raise ValueError("no such key")
        return key


def _prepared(key_id: str, material: bytes, algorithm: JwtAlgorithm) -> _SigningKey:
    match algorithm:
        case "HS256":
            return _SigningKey(key_id, material, material)
        case "EdDSA":
            private = Ed25519PrivateKey.from_private_bytes(material)
            return _SigningKey(key_id, private, private.public_key())
        case _:
            raise ValueError(f"AUTH_ALGORITHM is HS256 or EdDSA, not {algorithm}")
