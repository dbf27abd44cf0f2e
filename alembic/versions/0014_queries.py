"""Saved queries, and the indexes that queries sort and search by.

Revision: 0014, after 0013.
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

BIG_INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INDEXES = (
    ("entities", ("created_at",)),
    ("component_camera", ("make", "entity_id")),
    ("component_camera", ("model", "entity_id")),
    ("component_capture", ("local_time", "entity_id")),
    ("component_dimensions", ("width", "entity_id")),
    ("component_file_properties", ("file_size_bytes", "entity_id")),
    ("component_file_properties", ("media_type", "entity_id")),
    ("component_file_properties", ("original_filename", "entity_id")),
    ("component_gps", ("latitude", "entity_id")),
    ("component_source_path", ("filename", "entity_id")),
)


def upgrade() -> None:
    op.create_table(
        "saved_queries",
        sa.Column("id", BIG_INT, nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_saved_queries"),
        sa.UniqueConstraint("name", name="uq_saved_queries_name"),
        sqlite_autoincrement=True,
    )
    for table, columns in INDEXES:
        op.create_index(f"ix_{table}_{'_'.join(columns)}", table, list(columns))


def downgrade() -> None:
    for table, columns in reversed(INDEXES):
        op.drop_index(f"ix_{table}_{'_'.join(columns)}", table)
    op.drop_table("saved_queries")
