"""Reading preferences in SQL."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from application.ports.preference_repository import LoggedChange
from application.preferences.documents import stored_preferences, stored_switches
from application.preferences.ports import StoredPreferencesReader
from domain.preferences.preference import NO_PREFERENCES, NO_SWITCHES, SubscriberPreferences, Switches
from infrastructure.database.mappers.preferences import change_from
from infrastructure.database.preference_tables import (
    PreferenceChangeRow,
    PreferenceDefaultsRow,
    SubscriberPreferencesRow,
)
from infrastructure.database.readers.snapshot import snapshot
from infrastructure.database.tables import table_of
from infrastructure.database.unit_of_work import Engines

_TABLE = table_of(SubscriberPreferencesRow)
_DEFAULTS = table_of(PreferenceDefaultsRow)
_CHANGES = table_of(PreferenceChangeRow)


class SqlStoredPreferencesReader(StoredPreferencesReader):
    """See the port."""

    def __init__(self, *, engines: Engines) -> None:
        self._engines = engines

    async def get(self, tenant_id: str, subscriber_id: UUID) -> SubscriberPreferences:
        query = select(_TABLE.c.document).where(
            _TABLE.c.subscriber_id == subscriber_id, _TABLE.c.tenant_id == tenant_id
        )
        async with snapshot(self._engines) as tx:
            row = await tx.row(query)
        return stored_preferences(row["document"]) if row else NO_PREFERENCES

    async def defaults(self, tenant_id: str) -> Switches:
        async with snapshot(self._engines) as tx:
            row = await tx.row(select(_DEFAULTS.c.document).where(_DEFAULTS.c.tenant_id == tenant_id))
        return stored_switches(row["document"]) if row else NO_SWITCHES

    async def changes(
        self, tenant_id: str, subscriber_id: UUID, *, before: UUID | None, limit: int
    ) -> Sequence[LoggedChange]:
        query = (
            select(_CHANGES)
            .where(_CHANGES.c.subscriber_id == subscriber_id, _CHANGES.c.tenant_id == tenant_id)
            .order_by(_CHANGES.c.id.desc())
            .limit(limit)
        )
        if before is not None:
            query = query.where(_CHANGES.c.id < before)
        async with snapshot(self._engines) as tx:
            return [change_from(row) for row in await tx.rows(query)]
