"""Subscribers, topics and streams."""

import sqlalchemy as sa
from alembic import op

from infrastructure.database.types import Bytes, Id, Json, Millis

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLES = ("subscribers", "topics", "topic_members", "streams", "stream_events", "stream_tickets")


def upgrade() -> None:
    _subscribers()
    _topics()
    _topic_members()
    _streams()
    _stream_events()
    _stream_tickets()


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)


def _subscribers() -> None:
    op.create_table(
        "subscribers",
        sa.Column("id", Id(), nullable=False),
        sa.Column("tenant_id", sa.String(length=63), nullable=False),
        sa.Column("subscriber_id", sa.String(length=255), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("phone", sa.String(length=32), nullable=True),
        sa.Column("first_name", sa.String(length=255), nullable=True),
        sa.Column("last_name", sa.String(length=255), nullable=True),
        sa.Column("avatar", sa.Text(), nullable=True),
        sa.Column("locale", sa.String(length=32), nullable=True),
        sa.Column("timezone", sa.String(length=64), nullable=True),
        sa.Column("data", Json(), nullable=False),
        sa.Column("channels", Json(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", Millis(), nullable=False),
        sa.Column("updated_at", Millis(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_subscribers"),
    )
    op.create_index("ix_subscribers_tenant_id_id", "subscribers", ["tenant_id", "id"])
    op.create_index(
        "ix_subscribers_tenant_id_subscriber_id", "subscribers", ["tenant_id", "subscriber_id"], unique=True
    )


def _topics() -> None:
    op.create_table(
        "topics",
        sa.Column("id", Id(), nullable=False),
        sa.Column("tenant_id", sa.String(length=63), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=True),
        sa.Column("created_at", Millis(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_topics"),
    )
    op.create_index("ix_topics_tenant_id_key", "topics", ["tenant_id", "key"], unique=True)


def _topic_members() -> None:
    op.create_table(
        "topic_members",
        sa.Column("topic_id", Id(), nullable=False),
        sa.Column("subscriber_id", Id(), nullable=False),
        sa.Column("tenant_id", sa.String(length=63), nullable=False),
        sa.PrimaryKeyConstraint("topic_id", "subscriber_id", name="pk_topic_members"),
    )
    op.create_index("ix_topic_members_subscriber_id", "topic_members", ["subscriber_id"])


def _streams() -> None:
    op.create_table(
        "streams",
        sa.Column("stream_id", Id(), nullable=False),
        sa.Column("tenant_id", sa.String(length=63), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("oldest_seq", sa.BigInteger(), nullable=False),
        sa.Column("unread", sa.Integer(), nullable=False),
        sa.Column("unseen", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("stream_id", name="pk_streams"),
    )


def _stream_events() -> None:
    op.create_table(
        "stream_events",
        sa.Column("stream_id", Id(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("data", Bytes(), nullable=False),
        sa.Column("trace_id", sa.String(length=32), nullable=True),
        sa.Column("created_at", Millis(), nullable=False),
        sa.PrimaryKeyConstraint("stream_id", "epoch", "seq", name="pk_stream_events"),
    )
    op.create_index("ix_stream_events_created_at", "stream_events", ["created_at"])


def _stream_tickets() -> None:
    op.create_table(
        "stream_tickets",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("tenant_id", sa.String(length=63), nullable=False),
        sa.Column("subscriber_id", sa.String(length=255), nullable=False),
        sa.Column("credential_expires_at", Millis(), nullable=True),
        sa.Column("expires_at", Millis(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_stream_tickets"),
    )
    op.create_index("ix_stream_tickets_until", "stream_tickets", ["until"])
