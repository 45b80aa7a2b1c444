"""Someone who logs in."""

import unicodedata
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Self
from uuid import UUID


class UserStatus(StrEnum):
    """Whether a user may log in."""

    ACTIVE = "active"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """An operator, or an end user of the product that is built on this one; `email` is kept as `login_name` made it."""

    id: UUID
    tenant_id: str
    email: str
    password_hash: str = field(repr=False)
    roles: tuple[str, ...]
    status: UserStatus
    created_at: datetime
    must_change_password: bool = False

    @property
    def may_log_in(self) -> bool:
        """A user who must change the password may log in, to do just that."""
        return self.status is UserStatus.ACTIVE

    def with_password(self, password_hash: str) -> Self:
        """This user with a password of their own choice."""
        return replace(self, password_hash=password_hash, must_change_password=False)

    def with_rehashed_password(self, password_hash: str) -> Self:
        """This user with the same password, hashed at today's cost."""
        return replace(self, password_hash=password_hash)


def login_name(email: str) -> str:
    """One spelling for all ways to write the same address: NFKC, case folded, without space around it."""
    folded = unicodedata.normalize("NFKC", email).casefold().strip()
    # Folding can undo the normal form.
    return unicodedata.normalize("NFKC", folded)
