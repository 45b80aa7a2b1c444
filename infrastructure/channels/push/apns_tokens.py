"""Provider tokens of APNs ("Establishing a token-based connection to APNs")."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from application.ports.clock import Clock

# Apple takes a token for an hour, and a new one at most each 20 minutes.
_USED_FOR: Final = timedelta(minutes=40)
_AT_MOST_EVERY: Final = timedelta(minutes=20)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApnsAccount:
    """`private_key` is the content of the `.p8` file, `topic` the app's bundle id."""

    team_id: str
    key_id: str
    private_key: str = field(repr=False)
    topic: str


@dataclass(frozen=True, slots=True)
class _Token:
    text: str = field(repr=False)
    made_at: datetime


class ApnsTokens:
    """Makes a token when there is none younger than 40 minutes.

    ValueError, which does not quote the key, when the account's key is no P-256 key.
    """

    def __init__(self, account: ApnsAccount, clock: Clock) -> None:
        self._account = account
        self._key = _loaded(account.private_key)
        self._clock = clock
        self._token: _Token | None = None
        self._renewed_at: datetime | None = None

    def current(self) -> str:
        """The token to be used now."""
        now = self._clock.now()
        if self._token is None or not timedelta(0) <= now - self._token.made_at < _USED_FOR:
            self._token = self._made(now)
        return self._token.text

    def instead_of(self, expired: str) -> str | None:
        """A younger token than one that Apple calls expired, as a clock that was set leaves them.

        None when that happened within the last 20 minutes, too: another one would be refused for being too many.
        """
        if self._token is not None and self._token.text != expired:
            return self._token.text
        now = self._clock.now()
        if self._renewed_at is not None and timedelta(0) <= now - self._renewed_at < _AT_MOST_EVERY:
            return None
        self._renewed_at = now
        self._token = self._made(now)
        return self._token.text

    def _made(self, now: datetime) -> _Token:
        claims = {"iss": self._account.team_id, "iat": int(now.timestamp())}
        return _Token(jwt.encode(claims, self._key, "ES256", {"kid": self._account.key_id}), now)


def _loaded(pem: str) -> EllipticCurvePrivateKey:
    try:
        key = load_pem_private_key(pem.encode("utf-8"), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, EllipticCurvePrivateKey) or not isinstance(key.curve, SECP256R1):
        raise ValueError("the private_key of APNs is no P-256 key in PEM (the content of the .p8 file)")
    return key
