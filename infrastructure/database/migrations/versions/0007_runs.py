"""Runs of workflows, and the version that a notification runs."""

import sqlalchemy as sa
from alembic import op

from infrastructure.database.types import Id, Json, Millis

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# As for deliveries, see 0005: a run is updated twice for each time it goes on, and claims walk over what is dead.
PARAMETERS = {
    "workflow_runs": {
        "autovacuum_vacuum_scale_factor": "0.01",
        "autovacuum_vacuum_threshold": "1000",
        "autovacuum_analyze_scale_factor": "0.02",
        "autovacuum_analyze_threshold": "1000",
        "autovacuum_vacuum_cost_limit": "2000",
    }
}


def upgrade() -> None:
    _runs()
    op.add_column("notifications", sa.Column("workflow_version", sa.Integer(), nullable=True))
    if op.get_context().dialect.name == "postgresql":
        for table, parameters in PARAMETERS.items():
            op.execute(f"ALTER TABLE {table} SET ({', '.join(f'{name} = {to}' for name, to in parameters.items())})")


def downgrade() -> None:
    op.drop_column("notifications", "workflow_version")
    op.drop_table("workflow_runs")


def _runs() -> None:
    op.create_table(
        "workflow_runs",
        sa.Column("id", Id(), nullable=False),
        sa.Column("tenant_id", sa.String(length=63), nullable=False),
        sa.Column("notification_id", Id(), nullable=False),
        sa.Column("workflow", sa.String(length=255), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("target", sa.String(length=255), nullable=False),
        sa.Column("queue", sa.String(length=64), nullable=False),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("state", Json(), nullable=False),
        sa.Column("waiting", sa.Boolean(), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=True),
        sa.Column("next_at", sa.BigInteger(), nullable=True),
        sa.Column("expires_at", Millis(), nullable=True),
        sa.Column("lease_owner", sa.String(length=64), nullable=True),
        sa.Column("lease_token", sa.Integer(), nullable=False),
        sa.Column("leased_at", Millis(), nullable=True),
        sa.Column("suspicion", sa.SmallInteger(), nullable=False),
        sa.Column("crashes", sa.SmallInteger(), nullable=False),
        sa.Column("created_at", Millis(), nullable=False),
        sa.Column("finished_at", Millis(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_workflow_runs"),
    )
    op.create_index("ix_workflow_runs_claim", "workflow_runs", ["queue", "priority", "status", "next_at"])
    op.create_index("ix_workflow_runs_notification_id_status_id", "workflow_runs", ["notification_id", "status", "id"])
    op.create_index("uq_workflow_runs_identity", "workflow_runs", ["notification_id", "target"], unique=True)
