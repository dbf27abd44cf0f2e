"""Words in pictures, languages of texts, regions of images, hierarchical keywords, and the offsets of documents' dates.

Revision: 0015, after 0014.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

BIG_INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
NOW: dict[str, Any] = {"server_default": sa.func.now(), "nullable": False}


def create_component(name: str, key: list[str], *columns: sa.Column[Any]) -> None:
    table = f"component_{name}"
    op.create_table(
        table,
        *columns,
        sa.Column("id", BIG_INT, nullable=False),
        sa.Column("entity_id", BIG_INT, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), **NOW),
        sa.Column("updated_at", sa.DateTime(timezone=True), **NOW),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        sa.UniqueConstraint(*key, name=f"uq_{table}_{'_'.join(key)}"),
        sa.ForeignKeyConstraint(
            ["entity_id"], ["entities.id"], name=f"fk_{table}_entity_id_entities", ondelete="CASCADE"
        ),
    )


def upgrade() -> None:
    create_component(
        "ocr",
        ["entity_id"],
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.Column("boxes", sa.Text(), nullable=False),
        sa.Column("is_cut", sa.Boolean(), nullable=False),
    )
    create_component(
        "language",
        ["entity_id"],
        sa.Column("code", sa.String(8), nullable=False),
        sa.Column("confidence", sa.Double(), nullable=False),
    )
    op.create_index("ix_component_language_code", "component_language", ["code"])
    create_component(
        "region",
        ["entity_id", "position"],
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("name", sa.String(255), nullable=True),
        sa.Column("left", sa.Double(), nullable=False),
        sa.Column("top", sa.Double(), nullable=False),
        sa.Column("width", sa.Double(), nullable=False),
        sa.Column("height", sa.Double(), nullable=False),
    )
    op.create_index("ix_component_region_name", "component_region", ["name"])
    op.add_column("component_description", sa.Column("hierarchies", sa.Text(), nullable=True))
    op.add_column("component_document", sa.Column("created_offset_minutes", sa.Integer(), nullable=True))
    op.add_column("component_document", sa.Column("modified_offset_minutes", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("component_document", "modified_offset_minutes")
    op.drop_column("component_document", "created_offset_minutes")
    op.drop_column("component_description", "hierarchies")
    for name in ("region", "language", "ocr"):
        op.drop_table(f"component_{name}")
