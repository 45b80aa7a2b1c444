"""Workflows and their versions."""

import sqlalchemy as sa
from alembic import op

from infrastructure.database.types import Id, Json, Millis

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TABLES = ("workflows", "workflow_versions")


def upgrade() -> None:
    _workflows()
    _workflow_versions()


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)


def _workflows() -> None:
    op.create_table(
        "workflows",
        sa.Column("id", Id(), nullable=False),
        sa.Column("tenant_id", sa.String(length=63), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("live_key", sa.String(length=64), nullable=True),
        sa.Column("draft", Json(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("about", Json(), nullable=False),
        sa.Column("tags", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("published_version", sa.Integer(), nullable=True),
        sa.Column("published_at", Millis(), nullable=True),
        sa.Column("published_digest", sa.String(length=64), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", Millis(), nullable=False),
        sa.Column("updated_at", Millis(), nullable=False),
        sa.Column("drafted_at", Millis(), nullable=False),
        sa.Column("deleted_at", Millis(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_workflows"),
    )
    op.create_index("ix_workflows_tenant_id_id", "workflows", ["tenant_id", "id"])
    op.create_index("ix_workflows_tenant_id_live_key", "workflows", ["tenant_id", "live_key"], unique=True)


def _workflow_versions() -> None:
    op.create_table(
        "workflow_versions",
        sa.Column("tenant_id", sa.String(length=63), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("workflow_id", Id(), nullable=False),
        sa.Column("document", Json(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("restores", sa.Integer(), nullable=True),
        sa.Column("published_at", Millis(), nullable=False),
        sa.Column("published_by", sa.String(length=255), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "key", "number", name="pk_workflow_versions"),
    )
    op.create_index("ix_workflow_versions_workflow_id_number", "workflow_versions", ["workflow_id", "number"])
