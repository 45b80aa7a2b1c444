"""Notifications, deliveries and inboxes."""

import sqlalchemy as sa
from alembic import op

from infrastructure.database.types import Id, Json, Millis

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TABLES = ("notifications", "notification_tags", "notification_tallies", "deliveries", "attempts", "inbox_items")


def upgrade() -> None:
    _notifications()
    _notification_tags()
    _notification_tallies()
    _deliveries()
    _attempts()
    _inbox_items()


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)


def _notifications() -> None:
    op.create_table(
        "notifications",
        sa.Column("id", Id(), nullable=False),
        sa.Column("tenant_id", sa.String(length=63), nullable=False),
        sa.Column("transaction_id", sa.String(length=255), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("sequence_id", sa.String(length=255), nullable=True),
        sa.Column("workflow", sa.String(length=255), nullable=True),
        sa.Column("content", Json(), nullable=False),
        sa.Column("payload", Json(), nullable=False),
        sa.Column("overrides", Json(), nullable=False),
        sa.Column("channels", Json(), nullable=False),
        sa.Column("audience", Json(), nullable=False),
        sa.Column("routing", sa.String(length=32), nullable=False),
        sa.Column("severity", sa.String(length=32), nullable=False),
        sa.Column("tags", Json(), nullable=False),
        sa.Column("actor", sa.String(length=255), nullable=True),
        sa.Column("send_at", Millis(), nullable=True),
        sa.Column("expires_at", Millis(), nullable=True),
        sa.Column("dry_run", sa.Boolean(), nullable=False),
        sa.Column("recipients", sa.Integer(), nullable=True),
        sa.Column("expanded", sa.Boolean(), nullable=False),
        sa.Column("cursor_entry", sa.Integer(), nullable=False),
        sa.Column("cursor_after", sa.String(length=36), nullable=False),
        sa.Column("unknown_topics", Json(), nullable=False),
        sa.Column("pending", sa.Integer(), nullable=False),
        sa.Column("sent", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("expired", sa.Integer(), nullable=False),
        sa.Column("cancelled", sa.Integer(), nullable=False),
        sa.Column("suppressed", sa.Integer(), nullable=False),
        sa.Column("ending", sa.String(length=32), nullable=True),
        sa.Column("cancel_requested_at", Millis(), nullable=True),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("trace", sa.Text(), nullable=True),
        sa.Column("created_at", Millis(), nullable=False),
        sa.Column("finished_at", Millis(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_notifications"),
    )
    op.create_index("ix_notifications_tenant_id_id", "notifications", ["tenant_id", "id"])
    op.create_index("ix_notifications_tenant_id_status_id", "notifications", ["tenant_id", "status", "id"])
    op.create_index(
        "ix_notifications_tenant_id_transaction_id", "notifications", ["tenant_id", "transaction_id"], unique=True
    )
    op.create_index("ix_notifications_tenant_id_workflow_id", "notifications", ["tenant_id", "workflow", "id"])


def _notification_tags() -> None:
    op.create_table(
        "notification_tags",
        sa.Column("tenant_id", sa.String(length=63), nullable=False),
        sa.Column("tag", sa.String(length=64), nullable=False),
        sa.Column("notification_id", Id(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "tag", "notification_id", name="pk_notification_tags"),
    )


def _notification_tallies() -> None:
    op.create_table(
        "notification_tallies",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("notification_id", Id(), nullable=False),
        sa.Column("pending", sa.Integer(), nullable=False),
        sa.Column("sent", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("expired", sa.Integer(), nullable=False),
        sa.Column("cancelled", sa.Integer(), nullable=False),
        sa.Column("suppressed", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_notification_tallies"),
    )
    op.create_index("ix_notification_tallies_notification_id", "notification_tallies", ["notification_id"])


def _deliveries() -> None:
    op.create_table(
        "deliveries",
        sa.Column("id", Id(), nullable=False),
        sa.Column("tenant_id", sa.String(length=63), nullable=False),
        sa.Column("notification_id", Id(), nullable=False),
        sa.Column("target", sa.String(length=255), nullable=False),
        sa.Column("step", sa.String(length=64), nullable=False),
        sa.Column("channel", sa.String(length=32), nullable=False),
        sa.Column("queue", sa.String(length=64), nullable=False),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("replay_of", Id(), nullable=True),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=True),
        sa.Column("rounds", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=True),
        sa.Column("expires_at", Millis(), nullable=True),
        sa.Column("lease_owner", sa.String(length=64), nullable=True),
        sa.Column("lease_token", sa.Integer(), nullable=False),
        sa.Column("leased_at", Millis(), nullable=True),
        sa.Column("suspicion", sa.SmallInteger(), nullable=False),
        sa.Column("crashes", sa.SmallInteger(), nullable=False),
        sa.Column("receipt", sa.String(length=32), nullable=True),
        sa.Column("created_at", Millis(), nullable=False),
        sa.Column("finished_at", Millis(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_deliveries"),
    )
    op.create_index("ix_deliveries_claim", "deliveries", ["queue", "channel", "priority", "status", "next_at"])
    op.create_index("ix_deliveries_notification_id_status_id", "deliveries", ["notification_id", "status", "id"])
    op.create_index("ix_deliveries_tenant_id_target_id", "deliveries", ["tenant_id", "target", "id"])
    op.create_index(
        "uq_deliveries_identity",
        "deliveries",
        ["notification_id", "target", "step", "channel", "generation"],
        unique=True,
    )


def _attempts() -> None:
    op.create_table(
        "attempts",
        sa.Column("id", Id(), nullable=False),
        sa.Column("delivery_id", Id(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("provider", sa.String(length=64), nullable=True),
        sa.Column("outcome", sa.String(length=32), nullable=False),
        sa.Column("started_at", Millis(), nullable=False),
        sa.Column("finished_at", Millis(), nullable=False),
        sa.Column("status_code", sa.Integer(), nullable=True),
        sa.Column("error_code", sa.String(length=64), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_attempts"),
    )
    op.create_index("ix_attempts_delivery_id_id", "attempts", ["delivery_id", "id"])


def _inbox_items() -> None:
    op.create_table(
        "inbox_items",
        sa.Column("id", Id(), nullable=False),
        sa.Column("tenant_id", sa.String(length=63), nullable=False),
        sa.Column("recipient_id", Id(), nullable=False),
        sa.Column("notification_id", Id(), nullable=False),
        sa.Column("sequence_id", sa.String(length=255), nullable=True),
        sa.Column("workflow", sa.String(length=255), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("data", Json(), nullable=False),
        sa.Column("actions", Json(), nullable=False),
        sa.Column("avatar", sa.Text(), nullable=True),
        sa.Column("redirect", sa.Text(), nullable=True),
        sa.Column("severity", sa.String(length=32), nullable=False),
        sa.Column("tags", Json(), nullable=False),
        sa.Column("actor", sa.String(length=255), nullable=True),
        sa.Column("seen_at", Millis(), nullable=True),
        sa.Column("read_at", Millis(), nullable=True),
        sa.Column("archived_at", Millis(), nullable=True),
        sa.Column("snoozed_until", Millis(), nullable=True),
        sa.Column("surfaced_at", Millis(), nullable=False),
        sa.Column("created_at", Millis(), nullable=False),
        sa.Column("updated_at", Millis(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_inbox_items"),
    )
    op.create_index(
        "ix_inbox_items_recipient_id_sequence_id", "inbox_items", ["recipient_id", "sequence_id"], unique=True
    )
    op.create_index("ix_inbox_items_recipient_id_surfaced_at_id", "inbox_items", ["recipient_id", "surfaced_at", "id"])
