"""New secrets from the operating system's random source."""

import secrets
from base64 import b64encode

from application.ports.secret_mint import SecretMint
from domain.identity.api_key import ALPHABET, BODY_LENGTH, compose


class OsRandomSecretMint(SecretMint):
    """Holds nothing."""

    def api_key(self) -> str:
        return compose(_base62(BODY_LENGTH)).text

    def ticket(self) -> str:
        return secrets.token_urlsafe(32)

    def password(self) -> str:
        return _base62(24)

    def webhook_secret(self) -> str:
        return "whsec_" + b64encode(secrets.token_bytes(32)).decode()


def _base62(length: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(length))
