"""What the relay has in memory: events, who has seen them and who wants them, and the audit trail."""

from dataclasses import dataclass

from application.ports.event_relay import SealedEvent
from domain.audit.chain import ChainHead, RecordedEntry, SealedEntry
from domain.shared.events import DomainEvent
from infrastructure.memory.tables import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class UnsealedEvent:
    """An event that has no position yet."""

    number: int
    event: DomainEvent
    trace: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class UnsealedEntry:
    """An audit entry that is in no chain yet."""

    number: int
    recorded: RecordedEntry


class RelayTables:
    """A part of the tables of `MemoryDatabase`."""

    def __init__(self) -> None:
        self.unsealed = Table[int, UnsealedEvent](lambda row: row.number)
        self.events = Table[int, SealedEvent](lambda row: row.position)
        # One row each: the last position given, and the cursor of a consumer.
        self.positions = Table[str, tuple[str, int]](lambda row: row[0])
        self.cursors = Table[str, tuple[str, int]](lambda row: row[0])
        # What each consumer wants of the events that are only written for somebody.
        self.subscriptions = Table[tuple[str, str], tuple[str, str]](lambda row: row)
        self.unsealed_audit = Table[int, UnsealedEntry](lambda row: row.number)
        self.audit = Table[tuple[str, int], SealedEntry](
            lambda row: (row.recorded.entry.tenant_id, row.position), tenant=lambda row: row.recorded.entry.tenant_id
        )
        self.audit_heads = Table[str, tuple[str, ChainHead]](lambda row: row[0])
