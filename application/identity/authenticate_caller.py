"""Telling who calls."""

from dataclasses import dataclass, replace
from enum import StrEnum
from time import monotonic

from application.identity.ports import CredentialReader
from application.ports.clock import Clock
from application.ports.token_signer import TokenSigner
from domain.identity.api_key import PATTERN, ApiKey, parse
from domain.identity.digest import digest_of
from domain.identity.errors import InvalidCredential
from domain.identity.principal import Principal
from domain.identity.scopes import Scope, served


class Scheme(StrEnum):
    """How a credential is shown."""

    API_KEY = "apikey"
    BEARER = "bearer"


class KnownKeys:
    """Keys that were looked up a moment ago, by digest: state of one process.

    At most `most` of them, the oldest makes room; each for `seconds`, which is how long a revoked key may live on.
    Unknown digests are not kept: a key that was just made works at once.
    """

    def __init__(self, most: int = 1_000, seconds: float = 5.0) -> None:
        self._most = most
        self._seconds = seconds
        self._kept: dict[str, tuple[ApiKey, float]] = {}

    def get(self, digest: str) -> ApiKey | None:
        """The key as it was looked up, if that was not too long ago."""
        key, until = self._kept.get(digest, (None, 0.0))
        return key if monotonic() < until else None

    def keep(self, digest: str, key: ApiKey) -> None:
        """Remember a key that was just looked up."""
        self._kept.pop(digest, None)
        if len(self._kept) >= self._most:
            del self._kept[next(iter(self._kept))]
        self._kept[digest] = (key, monotonic() + self._seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthenticateCaller:
    """Tell who shows a credential, or raise `InvalidCredential`, which gives no reason.

    - An API key with a wrong checksum is refused before any look-up; one that is revoked or expired after it.
    - A bearer token is believed for what it says: it is stored nowhere.
    - Of a key's scopes those count that are `enabled`, which the modules say that are served.
    """

    credentials: CredentialReader
    tokens: TokenSigner
    clock: Clock
    known: KnownKeys
    enabled: frozenset[Scope] = frozenset(Scope)

    async def __call__(self, scheme: Scheme, text: str) -> Principal:
        if scheme is Scheme.BEARER:
            return self.tokens.verify(text)
        key = await self._key(text)
        if key is None or not key.usable(self.clock.now()):
            raise InvalidCredential
        principal = key.principal()
        return replace(principal, scopes=served(principal.scopes, self.enabled))

    async def _key(self, text: str) -> ApiKey | None:
        if PATTERN.fullmatch(text) is None:
            return None
        digest = digest_of(text)
        key = self.known.get(digest)
        if key is None and parse(text) is not None and (key := await self.credentials.api_key(digest)) is not None:
            self.known.keep(digest, key)
        return key
