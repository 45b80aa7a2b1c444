"""The table of runs. See `tables.py`."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, Index, Integer, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from infrastructure.database.tables import CALLER_ID, TENANT, WORD, Row
from infrastructure.database.types import Json


class RunRow(Row):
    """Its own queue entry, as a delivery's row is. `state` holds the steps, and the wait while the run is `waiting`."""

    __tablename__ = "workflow_runs"
    __table_args__ = (
        Index("uq_workflow_runs_identity", "notification_id", "target", unique=True),
        Index("ix_workflow_runs_claim", "queue", "priority", "status", "next_at"),
        Index(None, "notification_id", "status", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[str] = mapped_column(TENANT)
    notification_id: Mapped[UUID]
    workflow: Mapped[str] = mapped_column(CALLER_ID)
    version: Mapped[int] = mapped_column(Integer)
    target: Mapped[str] = mapped_column(CALLER_ID)
    queue: Mapped[str] = mapped_column(String(64))
    priority: Mapped[int] = mapped_column(SmallInteger)
    position: Mapped[int] = mapped_column(Integer)
    state: Mapped[Any] = mapped_column(Json)
    waiting: Mapped[bool] = mapped_column(Boolean)
    status: Mapped[str] = mapped_column(WORD)
    reason: Mapped[str | None] = mapped_column(String(64))
    next_at: Mapped[int | None] = mapped_column(BigInteger)
    expires_at: Mapped[datetime | None]
    lease_owner: Mapped[str | None] = mapped_column(String(64))
    lease_token: Mapped[int] = mapped_column(Integer)
    leased_at: Mapped[datetime | None]
    suspicion: Mapped[int] = mapped_column(SmallInteger)
    crashes: Mapped[int] = mapped_column(SmallInteger)
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
