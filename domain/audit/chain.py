"""Entries in their order, each bound to the one before it.

The digest of an entry is SHA-256 over the digest of the one before it and the entry's canonical bytes, so nothing can
be changed, left out, put in or moved without changing every digest from there on. Each tenant has a chain of its own:
it can be checked, handed over and removed without anybody else's entries.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from uuid import UUID

from domain.audit.entry import AuditEntry

# The first member of the canonical bytes: another form of them is another number.
CANONICAL_FORM = 1
BEFORE_THE_FIRST = bytes(32)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedEntry:
    """An entry as it was stored with its transaction: its id, and the trace that it belongs to."""

    id: UUID
    entry: AuditEntry
    trace_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedEntry:
    """A recorded entry with its place among those of its tenant, which begins at 1."""

    position: int
    recorded: RecordedEntry
    digest: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainHead:
    """Where a chain ends."""

    position: int = 0
    digest: bytes = BEFORE_THE_FIRST

    def seal(self, recorded: RecordedEntry) -> SealedEntry:
        """The entry as the next one of this chain."""
        position = self.position + 1
        digest = sha256(self.digest + canonical(position, recorded)).digest()
        return SealedEntry(position=position, recorded=recorded, digest=digest)

    def after(self, sealed: SealedEntry) -> "ChainHead":
        """The head once `sealed` is the last entry."""
        return ChainHead(position=sealed.position, digest=sealed.digest)


class Flaw(StrEnum):
    """What can be wrong at a place of a chain."""

    MISSING = "missing"
    CHANGED = "changed"
    ADDED = "added"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """The first place of a chain that is not as it was sealed."""

    position: int
    flaw: Flaw


def canonical(position: int, recorded: RecordedEntry) -> bytes:
    """The bytes that a digest is made of: the same for the same entry, whatever store it comes from. Times count in
    whole milliseconds.
    """
    entry = recorded.entry
    members = [
        CANONICAL_FORM,
        position,
        recorded.id.hex,
        entry.tenant_id,
        entry.actor,
        entry.action,
        entry.target,
        (entry.at - _EPOCH) // timedelta(milliseconds=1),
        recorded.trace_id,
        entry.detail,
    ]
    return json.dumps(members, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def follow(head: ChainHead, entries: Iterable[SealedEntry]) -> tuple[ChainHead, Fault | None]:
    """Go on from `head` along the entries that are stored after it, in order; ends at the first that does not fit."""
    for sealed in entries:
        expected = head.seal(sealed.recorded)
        if sealed.position != expected.position:
            return head, Fault(position=expected.position, flaw=Flaw.MISSING)
        if sealed.digest != expected.digest:
            return head, Fault(position=sealed.position, flaw=Flaw.CHANGED)
        head = head.after(sealed)
    return head, None


def fault_at_end(followed: ChainHead, head: ChainHead) -> Fault | None:
    """Whether the entries end where the chain does, which is remembered apart from them."""
    if followed.position < head.position:
        return Fault(position=followed.position + 1, flaw=Flaw.MISSING)
    if followed.position > head.position:
        return Fault(position=head.position + 1, flaw=Flaw.ADDED)
    return None if followed.digest == head.digest else Fault(position=head.position, flaw=Flaw.CHANGED)
