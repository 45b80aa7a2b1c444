"""Rows ↔ audit entries."""

from domain.audit.chain import ChainHead, RecordedEntry, SealedEntry
from domain.audit.entry import AuditEntry
from infrastructure.database.transaction import Values


def recorded_from(row: Values) -> RecordedEntry:
    """The entry of a row, sealed or not."""
    return RecordedEntry(
        id=row["id"],
        trace_id=row["trace_id"],
        entry=AuditEntry(
            tenant_id=row["tenant_id"],
            actor=row["actor"],
            action=row["action"],
            target=row["target"],
            at=row["at"],
            detail=row["detail"],
        ),
    )


def sealed_from(row: Values) -> SealedEntry:
    """The entry of a sealed row."""
    return SealedEntry(position=row["position"], recorded=recorded_from(row), digest=row["digest"])


def head_from(row: Values) -> ChainHead:
    """The end of a chain."""
    return ChainHead(position=row["position"], digest=row["digest"])
