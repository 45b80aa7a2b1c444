"""Preferences in memory."""

from collections.abc import Collection, Mapping, Sequence
from heapq import nlargest
from uuid import UUID

from application.ports.preference_repository import LoggedChange, PreferenceRepository
from application.preferences.documents import stored_preferences, stored_switches
from application.preferences.ports import StoredPreferencesReader
from domain.preferences.preference import NO_PREFERENCES, NO_SWITCHES, SubscriberPreferences, Switches
from domain.preferences.writing import preferences_json, switches_json
from infrastructure.memory.database import MemoryDatabase
from infrastructure.memory.preference_tables import ChangeRow, DefaultsRow, PreferenceRow
from infrastructure.memory.transaction import Transaction


class MemoryPreferenceRepository(PreferenceRepository):
    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def get_many(self, tenant_id: str, subscriber_ids: Collection[str]) -> Mapping[str, SubscriberPreferences]:
        rows, found = self._transaction.rows, {}
        for subscriber_id in subscriber_ids:
            subscriber = rows.subscribers.one("name", (tenant_id, subscriber_id))
            row = rows.preferences.get(subscriber.id) if subscriber is not None else None
            if row is not None:
                found[subscriber_id] = row.preferences
        return found

    async def save(self, tenant_id: str, subscriber_id: UUID, preferences: SubscriberPreferences) -> None:
        if self._known(tenant_id, subscriber_id):
            stored = stored_preferences(preferences_json(preferences))
            row = PreferenceRow(subscriber_id=subscriber_id, tenant_id=tenant_id, preferences=stored)
            self._transaction.rows.preferences.put(row)

    async def defaults(self, tenant_id: str) -> Switches:
        row = self._transaction.rows.preference_defaults.get(tenant_id)
        return row.switches if row is not None else NO_SWITCHES

    async def save_defaults(self, tenant_id: str, switches: Switches) -> None:
        row = DefaultsRow(tenant_id=tenant_id, switches=stored_switches(switches_json(switches)))
        self._transaction.rows.preference_defaults.put(row)

    async def append_changes(self, tenant_id: str, subscriber_id: UUID, changes: Sequence[LoggedChange]) -> None:
        if self._known(tenant_id, subscriber_id):
            for logged in changes:
                row = ChangeRow(tenant_id=tenant_id, subscriber_id=subscriber_id, logged=logged)
                self._transaction.rows.preference_changes.put(row)

    async def erase(self, tenant_id: str, subscriber_id: UUID) -> None:
        rows = self._transaction.rows
        stored = rows.preferences.get(subscriber_id)
        if stored is not None and stored.tenant_id == tenant_id:
            rows.preferences.remove(subscriber_id)
        for row in rows.preference_changes.where("subscriber", (tenant_id, subscriber_id)):
            rows.preference_changes.remove(row.logged.id)

    def _known(self, tenant_id: str, subscriber_id: UUID) -> bool:
        subscriber = self._transaction.rows.subscribers.get(subscriber_id)
        return subscriber is not None and subscriber.tenant_id == tenant_id


class MemoryStoredPreferencesReader(StoredPreferencesReader):
    def __init__(self, *, database: MemoryDatabase) -> None:
        self._preferences = database.preferences.committed
        self._defaults = database.preference_defaults.committed
        self._changes = database.preference_changes.committed

    async def get(self, tenant_id: str, subscriber_id: UUID) -> SubscriberPreferences:
        row = self._preferences.get(subscriber_id)
        return row.preferences if row is not None and row.tenant_id == tenant_id else NO_PREFERENCES

    async def defaults(self, tenant_id: str) -> Switches:
        row = self._defaults.get(tenant_id)
        return row.switches if row is not None else NO_SWITCHES

    async def changes(
        self, tenant_id: str, subscriber_id: UUID, *, before: UUID | None, limit: int
    ) -> Sequence[LoggedChange]:
        rows = self._changes.where("subscriber", (tenant_id, subscriber_id))
        found = (row.logged for row in rows if before is None or row.logged.id < before)
        return nlargest(limit, found, key=lambda one: one.id)
