"""Answering a repeated request with the first answer."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from domain.shared.errors import Conflict, InvalidInput

View = TypeVar("View")


class IdempotencyKeyReused(InvalidInput):
    """Idempotency key was used with another request"""

    code = "idempotency.key_reused"


class IdempotencyInProgress(Conflict):
    """A request with this idempotency key is still running"""

    code = "idempotency.in_progress"
    retry_after = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Idempotency:
    """A caller's key (≤ 255 characters), whom and what it belongs to, and what was asked.

    `scope` is opaque here: the edge puts principal, method and route into it. `fingerprint` is the SHA-256 of the
    canonical body.
    """

    tenant_id: str
    key: str
    scope: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Answer(Generic[View]):
    """A view, and whether it is a repeat of an earlier answer."""

    view: View
    replayed: bool = False
