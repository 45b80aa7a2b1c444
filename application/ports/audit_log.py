"""Noting who changed what."""

from typing import Protocol

from domain.audit.entry import AuditEntry


class AuditLog(Protocol):
    """Collects entries; they are stored unsealed with the transaction, and the relay puts them into their chain."""

    def append(self, entry: AuditEntry) -> None:
        """Add an entry to the transaction: it is there if and only if the change is. Its trace is the running one."""
        ...
