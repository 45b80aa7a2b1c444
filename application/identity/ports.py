"""Looking credentials up."""

from typing import Protocol

from domain.identity.api_key import ApiKey


class CredentialReader(Protocol):
    """Asked before it is known which tenant is asking."""

    async def api_key(self, digest: str) -> ApiKey | None:
        """The key with this digest, usable or not."""
        ...
