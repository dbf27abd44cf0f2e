"""Saved queries, and the indexes that queries sort and search by. The full text has no migration: see setup-db.

Revision: 0014, after 0013.
"""

import sqlalchemy as sa
from alembic import context, op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

BIG_INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INDEXES = (
    ("entities", ("created_at",)),
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
    drop_full_text()
    for table, columns in reversed(INDEXES):
        op.drop_index(f"ix_{table}_{'_'.join(columns)}", table)
    op.drop_table("saved_queries")


def drop_full_text() -> None:
    """Drop the indexes of words, which setup-db makes: they would outlive the tables that they are on."""
    if context.is_offline_mode():
        return
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        names = connection.scalars(sa.text("SELECT indexname FROM pg_indexes WHERE starts_with(indexname, 'search_')"))
        for name in names.all():
            op.execute(f"DROP INDEX {name}")
        for function in ("dam_words(text)", "dam_fold(text)"):
            op.execute(f"DROP FUNCTION IF EXISTS {function}")
        return
    made = (
        "SELECT type, name FROM sqlite_master WHERE name LIKE 'search!_%' ESCAPE '!' "
        "AND (type = 'trigger' OR sql LIKE 'CREATE VIRTUAL TABLE%')"
    )
    for kind, name in sorted(connection.execute(sa.text(made)).all(), reverse=True):
        op.execute(f"DROP {kind} {name}")
