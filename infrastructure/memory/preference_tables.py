"""What there is of preferences in memory."""

from dataclasses import dataclass
from uuid import UUID

from application.ports.preference_repository import LoggedChange
from domain.preferences.preference import SubscriberPreferences, Switches
from infrastructure.memory.tables import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class PreferenceRow:
    """What a subscriber (our id) has set."""

    subscriber_id: UUID
    tenant_id: str
    preferences: SubscriberPreferences


@dataclass(frozen=True, slots=True, kw_only=True)
class DefaultsRow:
    """What a tenant has set."""

    tenant_id: str
    switches: Switches


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRow:
    """A logged change, and whose preferences it changed."""

    tenant_id: str
    subscriber_id: UUID
    logged: LoggedChange


class PreferenceTables:
    """A part of the tables of `MemoryDatabase`."""

    def __init__(self) -> None:
        self.preferences = Table[UUID, PreferenceRow](lambda row: row.subscriber_id)
        self.preference_defaults = Table[str, DefaultsRow](lambda row: row.tenant_id)
        self.preference_changes = Table[UUID, ChangeRow](
            lambda row: row.logged.id, subscriber=lambda row: (row.tenant_id, row.subscriber_id)
        )
