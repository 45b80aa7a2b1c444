"""What subscribers and tenants have set about being told things."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from domain.preferences.changes import PreferenceChange
from domain.preferences.preference import SubscriberPreferences, Switches


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedChange:
    """A change as it is kept. `by` is `<kind>:<id>` of the principal; ids grow with time."""

    id: UUID
    at: datetime
    by: str
    change: PreferenceChange


class PreferenceRepository(Protocol):
    """Preferences of one tenant at a time, within the caller's transaction.

    A change begins with the subscriber's row (`SubscriberRepository.get`), for which others wait: nothing else keeps
    two changes of the same preferences apart.
    """

    async def get_many(self, tenant_id: str, subscriber_ids: Collection[str]) -> Mapping[str, SubscriberPreferences]:
        """Of those who have set something, by the caller's own id. Whoever is not in it has no opinion."""
        ...

    async def save(self, tenant_id: str, subscriber_id: UUID, preferences: SubscriberPreferences) -> None:
        """Replace what a subscriber (our id) has set; nothing happens when there is no such subscriber."""
        ...

    async def defaults(self, tenant_id: str) -> Switches:
        """What the tenant has set for all its subscribers; `NO_SWITCHES` while it has set nothing."""
        ...

    async def save_defaults(self, tenant_id: str, switches: Switches) -> None:
        """Replace what the tenant has set."""
        ...

    async def append_changes(self, tenant_id: str, subscriber_id: UUID, changes: Sequence[LoggedChange]) -> None:
        """Add to a subscriber's log (our id); nothing happens when there is no such subscriber."""
        ...

    async def erase(self, tenant_id: str, subscriber_id: UUID) -> None:
        """Remove a subscriber's preferences and their log, also of a subscriber that is gone."""
        ...
