"""An index for what came to nothing: deliveries of a tenant by status, newest first."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

NAME = "ix_deliveries_tenant_id_status_id"


def upgrade() -> None:
    op.create_index(NAME, "deliveries", ["tenant_id", "status", "id"])


def downgrade() -> None:
    op.drop_index(NAME, table_name="deliveries")
