"""What the steps of many runs share: windows of throttles and digests."""

import sqlalchemy as sa
from alembic import op

from infrastructure.database.types import Id, Json, Millis

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

# As for runs, see 0008: a window is updated with each run that comes to it.
PARAMETERS = {
    "step_windows": {
        "autovacuum_vacuum_scale_factor": "0.01",
        "autovacuum_vacuum_threshold": "1000",
        "autovacuum_vacuum_cost_limit": "2000",
    }
}


def upgrade() -> None:
    op.create_table(
        "step_windows",
        sa.Column("tenant_id", sa.String(length=63), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("state", Json(), nullable=False),
        sa.Column("needed_until", Millis(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "key", name="pk_step_windows"),
    )
    op.create_index("ix_step_windows_needed_until", "step_windows", ["needed_until"])
    op.create_table(
        "digest_members",
        sa.Column("run_id", Id(), nullable=False),
        sa.Column("step", sa.String(length=64), nullable=False),
        sa.Column("tenant_id", sa.String(length=63), nullable=False),
        sa.Column("opener", Id(), nullable=False),
        sa.Column("notification_id", Id(), nullable=False),
        sa.Column("at", Millis(), nullable=False),
        sa.Column("carrier", Id(), nullable=True),
        sa.PrimaryKeyConstraint("run_id", "step", name="pk_digest_members"),
    )
    op.create_index("ix_digest_members_opener_step_at", "digest_members", ["opener", "step", "at"])
    if op.get_context().dialect.name == "postgresql":
        for table, parameters in PARAMETERS.items():
            op.execute(f"ALTER TABLE {table} SET ({', '.join(f'{name} = {to}' for name, to in parameters.items())})")


def downgrade() -> None:
    op.drop_table("digest_members")
    op.drop_table("step_windows")
