"""Preferences in SQL."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from sqlalchemy import Table, bindparam, delete, insert, select, update

from application.ports.preference_repository import LoggedChange, PreferenceRepository
from application.preferences.documents import stored_preferences, stored_switches
from domain.preferences.preference import NO_SWITCHES, SubscriberPreferences, Switches
from domain.preferences.writing import preferences_json, switches_json
from infrastructure.database.mappers.preferences import change_values
from infrastructure.database.preference_tables import (
    PreferenceChangeRow,
    PreferenceDefaultsRow,
    SubscriberPreferencesRow,
)
from infrastructure.database.query import Query
from infrastructure.database.tables import SubscriberRow, table_of
from infrastructure.database.transaction import Transaction, Values

_TABLE = table_of(SubscriberPreferencesRow)
_DEFAULTS = table_of(PreferenceDefaultsRow)
_CHANGES = table_of(PreferenceChangeRow)
_SUBSCRIBERS = table_of(SubscriberRow)
_SOME = Query(
    select(_SUBSCRIBERS.c.subscriber_id, _TABLE.c.document)
    .join(_TABLE, _TABLE.c.subscriber_id == _SUBSCRIBERS.c.id)
    .where(
        _SUBSCRIBERS.c.tenant_id == bindparam("tenant_id"),
        _SUBSCRIBERS.c.subscriber_id.in_(bindparam("subscriber_ids", expanding=True)),
    )
)
_OF_TENANT = Query(select(_DEFAULTS.c.document).where(_DEFAULTS.c.tenant_id == bindparam("tenant_id")))


class SqlPreferenceRepository(PreferenceRepository):
    """See the port."""

    def __init__(self, transaction: Transaction) -> None:
        self._tx = transaction

    async def get_many(self, tenant_id: str, subscriber_ids: Collection[str]) -> Mapping[str, SubscriberPreferences]:
        if not subscriber_ids:
            return {}
        rows = await self._tx.ask(_SOME, tenant_id=tenant_id, subscriber_ids=list(subscriber_ids))
        return {row["subscriber_id"]: stored_preferences(row["document"]) for row in rows}

    async def save(self, tenant_id: str, subscriber_id: UUID, preferences: SubscriberPreferences) -> None:
        if await self._known(tenant_id, subscriber_id):
            values = {
                "subscriber_id": subscriber_id,
                "tenant_id": tenant_id,
                "document": preferences_json(preferences),
            }
            await self._write(_TABLE, values, "subscriber_id")

    async def defaults(self, tenant_id: str) -> Switches:
        rows = await self._tx.ask(_OF_TENANT, tenant_id=tenant_id)
        return stored_switches(rows[0]["document"]) if rows else NO_SWITCHES

    async def save_defaults(self, tenant_id: str, switches: Switches) -> None:
        await self._write(_DEFAULTS, {"tenant_id": tenant_id, "document": switches_json(switches)}, "tenant_id")

    async def append_changes(self, tenant_id: str, subscriber_id: UUID, changes: Sequence[LoggedChange]) -> None:
        if changes and await self._known(tenant_id, subscriber_id):
            rows = [change_values(tenant_id, subscriber_id, logged) for logged in changes]
            await self._tx.execute(insert(_CHANGES), rows)

    async def erase(self, tenant_id: str, subscriber_id: UUID) -> None:
        for table in (_CHANGES, _TABLE):
            await self._tx.execute(
                delete(table).where(table.c.subscriber_id == subscriber_id, table.c.tenant_id == tenant_id)
            )

    async def _known(self, tenant_id: str, subscriber_id: UUID) -> bool:
        query = select(_SUBSCRIBERS.c.id).where(
            _SUBSCRIBERS.c.id == subscriber_id, _SUBSCRIBERS.c.tenant_id == tenant_id
        )
        return await self._tx.row(query) is not None

    async def _write(self, table: Table, values: Values, key: str) -> None:
        """First as a new row: of two that write the first one at once, the second waits and then replaces it."""
        if not await self._tx.insert_new(table, [{**values, "version": 1}], key):
            await self._tx.execute(
                update(table)
                .where(table.c[key] == values[key])
                .values(document=values["document"], version=table.c.version + 1)
            )
