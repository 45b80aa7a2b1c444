"""Logged changes of preferences as rows."""

from uuid import UUID

from application.ports.preference_repository import LoggedChange
from domain.preferences.changes import PreferenceChange
from infrastructure.database.transaction import Values


def change_values(tenant_id: str, subscriber_id: UUID, logged: LoggedChange) -> Values:
    """A change as a row."""
    return {
        "id": logged.id,
        "tenant_id": tenant_id,
        "subscriber_id": subscriber_id,
        "at": logged.at,
        "actor": logged.by,
        "path": logged.change.path,
        "before": logged.change.old,
        "after": logged.change.new,
    }


def change_from(row: Values) -> LoggedChange:
    """A row as a change."""
    change = PreferenceChange(path=row["path"], old=row["before"], new=row["after"])
    return LoggedChange(id=row["id"], at=row["at"], by=row["actor"], change=change)
