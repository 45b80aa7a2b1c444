"""The tables of what the steps of many runs share. See `tables.py`."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from infrastructure.database.tables import TENANT, WORD, Row
from infrastructure.database.types import Json


class StepWindowRow(Row):
    """Made empty by whoever asks first, so that there is a row to lock. `key` is a hash of all that the window belongs
    to: rendered keys are of any length.
    """

    __tablename__ = "step_windows"
    __table_args__ = (Index(None, "needed_until"),)

    tenant_id: Mapped[str] = mapped_column(TENANT, primary_key=True)
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[str] = mapped_column(WORD)
    state: Mapped[Any] = mapped_column(Json)
    needed_until: Mapped[datetime]


class DigestMemberRow(Row):
    """An event that a digest gathers. The opener's own row is what is locked to join its window or to close it."""

    __tablename__ = "digest_members"
    __table_args__ = (Index(None, "opener", "step", "at"),)

    run_id: Mapped[UUID] = mapped_column(primary_key=True)
    step: Mapped[str] = mapped_column(String(64), primary_key=True)
    tenant_id: Mapped[str] = mapped_column(TENANT)
    opener: Mapped[UUID]
    notification_id: Mapped[UUID]
    at: Mapped[datetime]
    carrier: Mapped[UUID | None]
