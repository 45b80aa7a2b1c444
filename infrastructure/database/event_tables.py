"""The tables of the relay: events, who has seen them and who wants them. See `tables.py`."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Index, SmallInteger, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from infrastructure.database.tables import CALLER_ID, TENANT, Row
from infrastructure.database.types import Json


class EventRow(Row):
    """Unsealed while `position` is NULL."""

    __tablename__ = "events"
    __table_args__ = (Index(None, "position", unique=True), Index(None, "aggregate_id", "id"))

    id: Mapped[UUID] = mapped_column(primary_key=True)
    position: Mapped[int | None] = mapped_column(BigInteger)
    tenant_id: Mapped[str] = mapped_column(TENANT)
    type: Mapped[str] = mapped_column(String(64))
    schema_version: Mapped[int] = mapped_column(SmallInteger)
    aggregate_id: Mapped[str] = mapped_column(CALLER_ID)
    occurred_at: Mapped[datetime]
    data: Mapped[Any] = mapped_column(Json)
    trace: Mapped[str | None] = mapped_column(Text)


class EventCursorRow(Row):
    """How far a consumer has seen the sealed events; the consumer `sealed` is the relay's own."""

    __tablename__ = "event_cursors"

    consumer: Mapped[str] = mapped_column(String(64), primary_key=True)
    position: Mapped[int] = mapped_column(BigInteger)


class EventSubscriptionRow(Row):
    """What a consumer wants of the events that are only written for somebody."""

    __tablename__ = "event_subscriptions"

    consumer: Mapped[str] = mapped_column(String(64), primary_key=True)
    pattern: Mapped[str] = mapped_column(String(255), primary_key=True)


class AuditEntryRow(Row):
    """In no chain while `position` is NULL; positions and digests are those of the tenant's chain."""

    __tablename__ = "audit_entries"
    __table_args__ = (Index(None, "tenant_id", "position", unique=True), Index(None, "position", "id"))

    id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[str] = mapped_column(TENANT)
    position: Mapped[int | None] = mapped_column(BigInteger)
    digest: Mapped[bytes | None]
    actor: Mapped[str] = mapped_column(String(320))
    action: Mapped[str] = mapped_column(String(64))
    target: Mapped[str] = mapped_column(String(320))
    at: Mapped[datetime]
    detail: Mapped[Any] = mapped_column(Json)
    trace_id: Mapped[str] = mapped_column(String(32))


class AuditHeadRow(Row):
    """Where the chain of a tenant ends."""

    __tablename__ = "audit_heads"

    tenant_id: Mapped[str] = mapped_column(TENANT, primary_key=True)
    position: Mapped[int] = mapped_column(BigInteger)
    digest: Mapped[bytes]
