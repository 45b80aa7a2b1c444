"""The tables of workflows. See `tables.py`."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from infrastructure.database.tables import CALLER_ID, TENANT, Row
from infrastructure.database.types import Json


class WorkflowRow(Row):
    """`live_key` is emptied when it is deleted: a plain unique index then says "not while one is there". `about` is
    what lists show, so that they need not read drafts; `tags` are between separators, for a filter.
    """

    __tablename__ = "workflows"
    __table_args__ = (Index(None, "tenant_id", "live_key", unique=True), Index(None, "tenant_id", "id"))

    id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[str] = mapped_column(TENANT)
    key: Mapped[str] = mapped_column(String(64))
    live_key: Mapped[str | None] = mapped_column(String(64))
    draft: Mapped[Any] = mapped_column(Json)
    digest: Mapped[str] = mapped_column(String(64))
    about: Mapped[Any] = mapped_column(Json)
    tags: Mapped[str] = mapped_column(Text)
    active: Mapped[bool] = mapped_column(Boolean)
    published_version: Mapped[int | None] = mapped_column(Integer)
    published_at: Mapped[datetime | None]
    published_digest: Mapped[str | None] = mapped_column(String(64))
    revision: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    drafted_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]


class WorkflowVersionRow(Row):
    """Never changed and never deleted: notifications name it by tenant, key and number."""

    __tablename__ = "workflow_versions"
    __table_args__ = (Index(None, "workflow_id", "number"),)

    tenant_id: Mapped[str] = mapped_column(TENANT, primary_key=True)
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    workflow_id: Mapped[UUID]
    document: Mapped[Any] = mapped_column(Json)
    digest: Mapped[str] = mapped_column(String(64))
    note: Mapped[str | None] = mapped_column(Text)
    restores: Mapped[int | None] = mapped_column(Integer)
    published_at: Mapped[datetime]
    published_by: Mapped[str] = mapped_column(CALLER_ID)
