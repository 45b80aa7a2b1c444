"""Reading preferences."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from application.ports.preference_repository import LoggedChange
from domain.preferences.preference import SubscriberPreferences, Switches


class StoredPreferencesReader(Protocol):
    """Reads of one tenant, each in a snapshot of its own."""

    async def get(self, tenant_id: str, subscriber_id: UUID) -> SubscriberPreferences:
        """What a subscriber (our id) has set; `NO_PREFERENCES` when that is nothing."""
        ...

    async def defaults(self, tenant_id: str) -> Switches:
        """What the tenant has set for all of them; `NO_SWITCHES` when that is nothing."""
        ...

    async def changes(
        self, tenant_id: str, subscriber_id: UUID, *, before: UUID | None, limit: int
    ) -> Sequence[LoggedChange]:
        """A subscriber's log, newest first, older than the entry `before`."""
        ...
