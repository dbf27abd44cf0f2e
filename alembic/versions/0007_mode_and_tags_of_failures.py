"""Paths that could not be ingested keep the mode and the tags that they were to have, for when they are tried again.

Revision: 0007, after 0006.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("ingest_failures", sa.Column("mode", sa.Text(), server_default="copy", nullable=False))
    op.add_column("ingest_failures", sa.Column("tags", sa.Text(), server_default="", nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("ingest_failures") as table:
        table.drop_column("tags")
        table.drop_column("mode")
