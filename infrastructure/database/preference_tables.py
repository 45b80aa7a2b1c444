"""The tables of preferences. See `tables.py`."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from infrastructure.database.tables import TENANT, Row
from infrastructure.database.types import Json


class SubscriberPreferencesRow(Row):
    """By the subscriber's own id (ours): whoever gets a subscriberId anew begins without an opinion."""

    __tablename__ = "subscriber_preferences"

    subscriber_id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[str] = mapped_column(TENANT)
    document: Mapped[Any] = mapped_column(Json)
    version: Mapped[int] = mapped_column(Integer)


class PreferenceDefaultsRow(Row):
    __tablename__ = "preference_defaults"

    tenant_id: Mapped[str] = mapped_column(TENANT, primary_key=True)
    document: Mapped[Any] = mapped_column(Json)
    version: Mapped[int] = mapped_column(Integer)


class PreferenceChangeRow(Row):
    """Written once. `actor` is a kind and an id."""

    __tablename__ = "preference_changes"
    __table_args__ = (Index(None, "subscriber_id", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[str] = mapped_column(TENANT)
    subscriber_id: Mapped[UUID]
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(320))
    path: Mapped[str] = mapped_column(Text)
    before: Mapped[Any | None] = mapped_column(Json)
    after: Mapped[Any | None] = mapped_column(Json)
