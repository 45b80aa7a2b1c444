"""A backend's credential: its text, and the record that is kept of it.

The text is `crl_`, 30 random base62 characters and 6 base62 digits of the CRC-32 (ISO-HDLC, as in zip) of those 30.
The checksum lets a mistyped or invented key be refused without a look-up, and secret scanners be certain.
"""

import re
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, Self
from uuid import UUID
from zlib import crc32

from domain.identity.digest import digest_of
from domain.identity.principal import Principal, PrincipalKind
from domain.identity.scopes import Scope

ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
PREFIX: Final = "crl_"
BODY_LENGTH: Final = 30
CHECKSUM_LENGTH: Final = 6
# Published for secret scanning.
PATTERN: Final = re.compile(r"crl_[0-9A-Za-z]{36}")
_BODY: Final = re.compile(r"[0-9A-Za-z]{30}")


@dataclass(frozen=True, slots=True)
class ApiKeySecret:
    """The text of a key whose checksum is right, which says nothing about whether such a key exists."""

    text: str = field(repr=False)

    @property
    def digest(self) -> str:
        """What is stored and looked up instead of the text."""
        return digest_of(self.text)


def parse(text: str) -> ApiKeySecret | None:
    """The key in `text`, or None when its form or its checksum is wrong; surrounding space is wrong, too."""
    if PATTERN.fullmatch(text) is None:
        return None
    composed = compose(text[len(PREFIX) : len(PREFIX) + BODY_LENGTH])
    return composed if composed.text == text else None


def compose(body: str) -> ApiKeySecret:
    """The key around 30 base62 characters; ValueError for anything else."""
    if _BODY.fullmatch(body) is None:
        raise ValueError(f"the body of an API key is {BODY_LENGTH} base62 characters")
    return ApiKeySecret(f"{PREFIX}{body}{checksum_of(body)}")


def checksum_of(body: str) -> str:
    """Six base62 digits, most significant first, padded with zeros."""
    rest = crc32(body.encode("ascii"))
    digits = ""
    for _ in range(CHECKSUM_LENGTH):
        rest, digit = divmod(rest, len(ALPHABET))
        digits = ALPHABET[digit] + digits
    return digits


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """What is kept of a key; `digest` is that of its text, which nobody keeps."""

    id: UUID
    tenant_id: str
    name: str
    digest: str
    scopes: frozenset[Scope]
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None

    def usable(self, now: datetime) -> bool:
        """Neither revoked nor expired; a key ends at the very instant `expires_at`."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)

    def revoke(self, now: datetime) -> Self:
        """This key, revoked; an earlier revocation keeps its time."""
        return self if self.revoked_at is not None else replace(self, revoked_at=now)

    def principal(self) -> Principal:
        """The caller that showed this key. Ask `usable` first."""
        return Principal(
            kind=PrincipalKind.API_KEY,
            tenant_id=self.tenant_id,
            id=str(self.id),
            scopes=self.scopes,
            expires_at=self.expires_at,
        )
