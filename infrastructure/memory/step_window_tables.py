"""Windows of steps, as rows in memory."""

from dataclasses import dataclass
from uuid import UUID

from application.ports.step_window_repository import DigestMember, KeptWindow, WindowKey
from infrastructure.memory.tables import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowEntry:
    """A window and whose it is."""

    tenant_id: str
    kept: KeptWindow


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberEntry:
    """An event that a digest gathers, and whose it is."""

    tenant_id: str
    member: DigestMember


class StepWindowTables:
    """A part of the tables of `MemoryDatabase`."""

    def __init__(self) -> None:
        self.step_windows = Table[tuple[str, WindowKey], WindowEntry](lambda row: (row.tenant_id, row.kept.key))
        self.digest_members = Table[tuple[UUID, str], MemberEntry](
            lambda row: (row.member.run_id, row.member.step),
            opener=lambda row: (row.tenant_id, row.member.opener, row.member.step),
        )
