"""New secrets."""

from typing import Protocol


# One adapter: there is one good source of randomness on a machine.
class SecretMint(Protocol):
    """Makes secrets nobody can guess. Each is shown once by whoever asked for it, and kept as a digest or sealed."""

    def api_key(self) -> str:
        """An API key (178 random bits) that `domain.identity.api_key.parse` accepts."""
        ...

    def ticket(self) -> str:
        """256 random bits, safe in a URL."""
        ...

    def password(self) -> str:
        """A first password: 24 letters and digits."""
        ...

    def webhook_secret(self) -> str:
        """A Standard Webhooks secret: `whsec_` and base64 of 32 random bytes."""
        ...
