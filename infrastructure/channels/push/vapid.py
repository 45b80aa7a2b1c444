"""Who sends, told to a push service (VAPID, RFC 8292)."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit

import jwt
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from application.ports.clock import Clock
from infrastructure.channels.push.vapid_keys import loaded_private_key, public_key_of

# At most 24 h by the RFC; a service whose clock is ahead must not see more.
_LASTS: Final = timedelta(hours=12)


@dataclass(frozen=True, slots=True, kw_only=True)
class VapidAccount:
    """`subject` is where a push service complains: `mailto:…` or `https://…`.

    `public_key` is optional, and then held against the private one: a pair that is none would be refused by every
    push service.
    """

    private_key: str = field(repr=False)
    subject: str
    public_key: str | None = None


class Vapid:
    """Signs for one account. ValueError, which does not quote the key, when it cannot."""

    def __init__(self, account: VapidAccount, clock: Clock) -> None:
        self._key = loaded_private_key(account.private_key)
        self._public = public_key_of(self._key)
        self._subject = account.subject
        self._clock = clock
        if account.public_key and account.public_key.rstrip("=") != self._public:
            raise ValueError("the VAPID public key does not belong to the private key")
        if not account.subject.startswith(("mailto:", "https://")):
            raise ValueError("the VAPID subject must begin with mailto: or https://")

    def authorization(self, endpoint: str) -> str:
        """The header's value for the push service of `endpoint`."""
        parts = urlsplit(endpoint)
        claims = {
            "aud": f"{parts.scheme}://{parts.netloc}",
            "exp": int((self._clock.now() + _LASTS).timestamp()),
            "sub": self._subject,
        }
        return f"vapid t={jwt.encode(claims, self._key, 'ES256')}, k={self._public}"

    def pem(self) -> tuple[bytes, bytes]:
        """The private and the public key."""
        private = self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return private, self._key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
