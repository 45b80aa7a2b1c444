"""Bearer tokens."""

from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

from domain.identity.principal import Principal


class IssuedToken(NamedTuple):
    """A token and the instant it ends, in whole seconds."""

    token: str
    expires_at: datetime


# One adapter: it has two algorithms, and a second technology would mean a second token format.
class TokenSigner(Protocol):
    """Issues and verifies short-lived bearer tokens that are not stored anywhere. Lifetimes follow `Clock`."""

    def issue_subscriber_token(self, tenant_id: str, subscriber_id: str, ttl: timedelta) -> IssuedToken:
        """A token for the inbox and the stream of one subscriber; ValueError for less than a second of `ttl`."""
        ...

    def verify(self, token: str) -> Principal:
        """Whom the token speaks for, with `expires_at`. A token lives up to 60 s past its end, for skewed clocks.

        Raises `InvalidCredential`, always the same and without a reason, for whatever is wrong with it, of any size.
        """
        ...
