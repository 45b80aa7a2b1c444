"""Preferences of subscribers and tenants, and the log of changes."""

import sqlalchemy as sa
from alembic import op

from infrastructure.database.types import Id, Json, Millis

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

TABLES = ("subscriber_preferences", "preference_defaults", "preference_changes")


def upgrade() -> None:
    op.create_table(
        "subscriber_preferences",
        sa.Column("subscriber_id", Id(), nullable=False),
        sa.Column("tenant_id", sa.String(length=63), nullable=False),
        sa.Column("document", Json(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("subscriber_id", name="pk_subscriber_preferences"),
    )
    op.create_table(
        "preference_defaults",
        sa.Column("tenant_id", sa.String(length=63), nullable=False),
        sa.Column("document", Json(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", name="pk_preference_defaults"),
    )
    _preference_changes()


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)


def _preference_changes() -> None:
    op.create_table(
        "preference_changes",
        sa.Column("id", Id(), nullable=False),
        sa.Column("tenant_id", sa.String(length=63), nullable=False),
        sa.Column("subscriber_id", Id(), nullable=False),
        sa.Column("at", Millis(), nullable=False),
        sa.Column("actor", sa.String(length=320), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("before", Json(), nullable=True),
        sa.Column("after", Json(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_preference_changes"),
    )
    op.create_index("ix_preference_changes_subscriber_id_id", "preference_changes", ["subscriber_id", "id"])
