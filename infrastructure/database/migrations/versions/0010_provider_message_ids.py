"""By what name a provider knows the message that it took: receipts call it so."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("attempts", sa.Column("provider_message_id", sa.String(255), nullable=True))


def downgrade() -> None:
    op.drop_column("attempts", "provider_message_id")
