"""The tables, as advanced-alchemy models.

`Any` stands for the JSON of a column. They are used as Core tables: `NotificationRow.__table__`. Domain objects come
and go through the explicit mappers. There are no foreign keys between the hot tables: what belongs together is written
in one transaction, and retention deletes in pages.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from advanced_alchemy.base import CommonTableAttributes
from sqlalchemy import BigInteger, Boolean, Index, Integer, MetaData, SmallInteger, String, Table, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from infrastructure.database.types import Bytes, Id, Json, Millis

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

# A tenant is a slug; ids of callers are bounded by the HTTP contract.
TENANT = String(63)
CALLER_ID = String(255)
WORD = String(32)


class Row(CommonTableAttributes, DeclarativeBase):
    """What all tables share."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map = {UUID: Id, datetime: Millis, bytes: Bytes}  # noqa: RUF012 - SQLAlchemy reads it once


def table_of(row: type[Row]) -> Table:
    """The Core table of a model."""
    table = row.__table__
    assert isinstance(table, Table), "declared models map tables"
    return table


class TenantRow(Row):
    __tablename__ = "tenants"

    id: Mapped[str] = mapped_column(TENANT, primary_key=True)
    name: Mapped[str] = mapped_column(CALLER_ID)
    created_at: Mapped[datetime]


class UserRow(Row):
    __tablename__ = "users"
    __table_args__ = (Index(None, "tenant_id", "email", unique=True),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[str] = mapped_column(TENANT)
    email: Mapped[str] = mapped_column(String(254))
    password_hash: Mapped[str] = mapped_column(CALLER_ID)
    roles: Mapped[Any] = mapped_column(Json)
    status: Mapped[str] = mapped_column(WORD)
    must_change_password: Mapped[bool]
    created_at: Mapped[datetime]


class ApiKeyRow(Row):
    __tablename__ = "api_keys"
    __table_args__ = (Index(None, "digest", unique=True), Index(None, "tenant_id", "id"))

    id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[str] = mapped_column(TENANT)
    name: Mapped[str] = mapped_column(CALLER_ID)
    digest: Mapped[str] = mapped_column(String(64))
    scopes: Mapped[Any] = mapped_column(Json)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class SubscriberRow(Row):
    __tablename__ = "subscribers"
    __table_args__ = (Index(None, "tenant_id", "subscriber_id", unique=True), Index(None, "tenant_id", "id"))

    id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[str] = mapped_column(TENANT)
    subscriber_id: Mapped[str] = mapped_column(CALLER_ID)
    email: Mapped[str | None] = mapped_column(String(254))
    phone: Mapped[str | None] = mapped_column(WORD)
    first_name: Mapped[str | None] = mapped_column(CALLER_ID)
    last_name: Mapped[str | None] = mapped_column(CALLER_ID)
    avatar: Mapped[str | None] = mapped_column(Text)
    locale: Mapped[str | None] = mapped_column(WORD)
    timezone: Mapped[str | None] = mapped_column(String(64))
    data: Mapped[Any] = mapped_column(Json)
    channels: Mapped[Any] = mapped_column(Json)
    version: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class TopicRow(Row):
    __tablename__ = "topics"
    __table_args__ = (Index(None, "tenant_id", "key", unique=True),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[str] = mapped_column(TENANT)
    key: Mapped[str] = mapped_column(CALLER_ID)
    name: Mapped[str | None] = mapped_column(CALLER_ID)
    created_at: Mapped[datetime]


class TopicMemberRow(Row):
    __tablename__ = "topic_members"
    __table_args__ = (Index(None, "subscriber_id"),)

    topic_id: Mapped[UUID] = mapped_column(primary_key=True)
    subscriber_id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[str] = mapped_column(TENANT)


class NotificationRow(Row):
    __tablename__ = "notifications"
    __table_args__ = (
        Index(None, "tenant_id", "transaction_id", unique=True),
        Index(None, "tenant_id", "id"),
        Index(None, "tenant_id", "status", "id"),
        Index(None, "tenant_id", "workflow", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[str] = mapped_column(TENANT)
    transaction_id: Mapped[str] = mapped_column(CALLER_ID)
    fingerprint: Mapped[str] = mapped_column(String(64))
    sequence_id: Mapped[str | None] = mapped_column(CALLER_ID)
    workflow: Mapped[str | None] = mapped_column(CALLER_ID)
    workflow_version: Mapped[int | None] = mapped_column(Integer)
    content: Mapped[Any] = mapped_column(Json)
    payload: Mapped[Any] = mapped_column(Json)
    overrides: Mapped[Any] = mapped_column(Json)
    channels: Mapped[Any] = mapped_column(Json)
    audience: Mapped[Any] = mapped_column(Json)
    routing: Mapped[str] = mapped_column(WORD)
    severity: Mapped[str] = mapped_column(WORD)
    tags: Mapped[Any] = mapped_column(Json)
    actor: Mapped[str | None] = mapped_column(CALLER_ID)
    send_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    dry_run: Mapped[bool] = mapped_column(Boolean)
    recipients: Mapped[int | None] = mapped_column(Integer)
    expanded: Mapped[bool] = mapped_column(Boolean)
    cursor_entry: Mapped[int] = mapped_column(Integer)
    cursor_after: Mapped[str] = mapped_column(String(36))
    unknown_topics: Mapped[Any] = mapped_column(Json)
    pending: Mapped[int] = mapped_column(Integer)
    sent: Mapped[int] = mapped_column(Integer)
    failed: Mapped[int] = mapped_column(Integer)
    expired: Mapped[int] = mapped_column(Integer)
    cancelled: Mapped[int] = mapped_column(Integer)
    suppressed: Mapped[int] = mapped_column(Integer)
    ending: Mapped[str | None] = mapped_column(WORD)
    cancel_requested_at: Mapped[datetime | None]
    status: Mapped[str] = mapped_column(WORD)
    trace: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class NotificationTagRow(Row):
    __tablename__ = "notification_tags"

    tenant_id: Mapped[str] = mapped_column(TENANT, primary_key=True)
    tag: Mapped[str] = mapped_column(String(64), primary_key=True)
    notification_id: Mapped[UUID] = mapped_column(primary_key=True)


class NotificationTallyRow(Row):
    """Appended by whoever changes counts, folded and deleted by the relay: a counter on the notification is a hot
    row.
    """

    __tablename__ = "notification_tallies"
    __table_args__ = (Index(None, "notification_id"),)

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True)
    notification_id: Mapped[UUID]
    pending: Mapped[int] = mapped_column(Integer)
    sent: Mapped[int] = mapped_column(Integer)
    failed: Mapped[int] = mapped_column(Integer)
    expired: Mapped[int] = mapped_column(Integer)
    cancelled: Mapped[int] = mapped_column(Integer)
    suppressed: Mapped[int] = mapped_column(Integer)


class DeliveryRow(Row):
    """Its own queue entry. `next_at`: due time while pending, lease deadline while sending, NULL when final.

    `status` stands before `next_at` in the claim's index, so that looking for expired leases does not walk a backlog.
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        Index("uq_deliveries_identity", "notification_id", "target", "step", "channel", "generation", unique=True),
        Index("ix_deliveries_claim", "queue", "channel", "priority", "status", "next_at"),
        Index(None, "notification_id", "status", "id"),
        Index(None, "tenant_id", "status", "id"),
        Index(None, "tenant_id", "target", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[str] = mapped_column(TENANT)
    notification_id: Mapped[UUID]
    target: Mapped[str] = mapped_column(CALLER_ID)
    step: Mapped[str] = mapped_column(String(64))
    channel: Mapped[str] = mapped_column(WORD)
    queue: Mapped[str] = mapped_column(String(64))
    priority: Mapped[int] = mapped_column(SmallInteger)
    generation: Mapped[int] = mapped_column(Integer)
    replay_of: Mapped[UUID | None]
    status: Mapped[str] = mapped_column(WORD)
    reason: Mapped[str | None] = mapped_column(String(64))
    rounds: Mapped[int] = mapped_column(Integer)
    next_at: Mapped[int | None] = mapped_column(BigInteger)
    expires_at: Mapped[datetime | None]
    lease_owner: Mapped[str | None] = mapped_column(String(64))
    lease_token: Mapped[int] = mapped_column(Integer)
    leased_at: Mapped[datetime | None]
    suspicion: Mapped[int] = mapped_column(SmallInteger)
    crashes: Mapped[int] = mapped_column(SmallInteger)
    receipt: Mapped[str | None] = mapped_column(WORD)
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class AttemptRow(Row):
    __tablename__ = "attempts"
    __table_args__ = (Index(None, "delivery_id", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    delivery_id: Mapped[UUID]
    round: Mapped[int] = mapped_column(Integer)
    provider: Mapped[str | None] = mapped_column(String(64))
    outcome: Mapped[str] = mapped_column(WORD)
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime]
    status_code: Mapped[int | None] = mapped_column(Integer)
    error_code: Mapped[str | None] = mapped_column(String(64))
    detail: Mapped[str | None] = mapped_column(Text)
    provider_message_id: Mapped[str | None] = mapped_column(String(255))


class InboxItemRow(Row):
    __tablename__ = "inbox_items"
    __table_args__ = (
        Index(None, "recipient_id", "sequence_id", unique=True),
        Index(None, "recipient_id", "surfaced_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[str] = mapped_column(TENANT)
    recipient_id: Mapped[UUID]
    notification_id: Mapped[UUID]
    sequence_id: Mapped[str | None] = mapped_column(CALLER_ID)
    workflow: Mapped[str | None] = mapped_column(CALLER_ID)
    title: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text)
    data: Mapped[Any] = mapped_column(Json)
    actions: Mapped[Any] = mapped_column(Json)
    avatar: Mapped[str | None] = mapped_column(Text)
    redirect: Mapped[str | None] = mapped_column(Text)
    severity: Mapped[str] = mapped_column(WORD)
    tags: Mapped[Any] = mapped_column(Json)
    actor: Mapped[str | None] = mapped_column(CALLER_ID)
    seen_at: Mapped[datetime | None]
    read_at: Mapped[datetime | None]
    archived_at: Mapped[datetime | None]
    snoozed_until: Mapped[datetime | None]
    surfaced_at: Mapped[datetime]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class StreamRow(Row):
    """Made with its subscriber, whose id it has: a read never has to write."""

    __tablename__ = "streams"

    stream_id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[str] = mapped_column(TENANT)
    epoch: Mapped[int] = mapped_column(BigInteger)
    seq: Mapped[int] = mapped_column(BigInteger)
    oldest_seq: Mapped[int] = mapped_column(BigInteger)
    unread: Mapped[int] = mapped_column(Integer)
    unseen: Mapped[int] = mapped_column(Integer)


class StreamEventRow(Row):
    __tablename__ = "stream_events"
    __table_args__ = (Index(None, "created_at"),)

    stream_id: Mapped[UUID] = mapped_column(primary_key=True)
    epoch: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    kind: Mapped[str] = mapped_column(WORD)
    data: Mapped[bytes]
    trace_id: Mapped[str | None] = mapped_column(String(32))
    created_at: Mapped[datetime]


class JobRow(Row):
    """`dedupe_key` is emptied when the job is final: a plain unique index then says "not while one is unfinished"."""

    __tablename__ = "jobs"
    __table_args__ = (
        Index(None, "tenant_id", "dedupe_key", unique=True),
        Index("ix_jobs_claim", "queue", "priority", "status", "next_at"),
        Index(None, "status", "finished_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[str] = mapped_column(TENANT)
    name: Mapped[str] = mapped_column(CALLER_ID)
    schema_version: Mapped[int] = mapped_column(SmallInteger)
    queue: Mapped[str] = mapped_column(String(64))
    priority: Mapped[int] = mapped_column(SmallInteger)
    payload: Mapped[bytes]
    status: Mapped[str] = mapped_column(WORD)
    attempts: Mapped[int] = mapped_column(Integer)
    max_attempts: Mapped[int | None] = mapped_column(Integer)
    timeout_ms: Mapped[int | None] = mapped_column(Integer)
    next_at: Mapped[int | None] = mapped_column(BigInteger)
    lease_owner: Mapped[str | None] = mapped_column(String(64))
    lease_token: Mapped[int] = mapped_column(Integer)
    suspicion: Mapped[int] = mapped_column(SmallInteger)
    crashes: Mapped[int] = mapped_column(SmallInteger)
    dedupe_key: Mapped[str | None] = mapped_column(CALLER_ID)
    last_error: Mapped[str | None] = mapped_column(Text)
    trace: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class LeaseRow(Row):
    __tablename__ = "leases"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    owner: Mapped[str | None] = mapped_column(String(64))
    token: Mapped[int] = mapped_column(BigInteger)
    until: Mapped[int] = mapped_column(BigInteger)


class IdempotencyRow(Row):
    __tablename__ = "idempotency_records"
    __table_args__ = (Index(None, "created_at"),)

    tenant_id: Mapped[str] = mapped_column(TENANT, primary_key=True)
    scope: Mapped[str] = mapped_column(String(64), primary_key=True)
    key: Mapped[str] = mapped_column(CALLER_ID, primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    view: Mapped[bytes | None]
    created_at: Mapped[int] = mapped_column(BigInteger)


class TicketRow(Row):
    __tablename__ = "stream_tickets"
    __table_args__ = (Index(None, "until"),)

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    tenant_id: Mapped[str] = mapped_column(TENANT)
    subscriber_id: Mapped[str] = mapped_column(CALLER_ID)
    credential_expires_at: Mapped[datetime | None]
    expires_at: Mapped[datetime]
    until: Mapped[int] = mapped_column(BigInteger)
