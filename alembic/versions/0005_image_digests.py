"""Digests of an image's compressed picture and of its pixels: by them find-duplicates sees what metadata hide.

Revision: 0005, after 0004. Assets that are there already get the first from `dam-cli run-systems`.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

BIG_INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
DATA = "component_image_data_digest"
PIXELS = "component_image_pixel_digest"


def create_component(table: str, *columns: sa.Column[Any]) -> None:
    moment: dict[str, Any] = {"server_default": sa.func.now(), "nullable": False}
    op.create_table(
        table,
        sa.Column("id", BIG_INT, nullable=False),
        sa.Column("entity_id", BIG_INT, nullable=False),
        *columns,
        sa.Column("created_at", sa.DateTime(timezone=True), **moment),
        sa.Column("updated_at", sa.DateTime(timezone=True), **moment),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        sa.UniqueConstraint("entity_id", name=f"uq_{table}_entity_id"),
        sa.ForeignKeyConstraint(
            ["entity_id"], ["entities.id"], name=f"fk_{table}_entity_id_entities", ondelete="CASCADE"
        ),
    )


def upgrade() -> None:
    create_component(DATA, sa.Column("digest", sa.LargeBinary(), nullable=False))
    op.create_index(f"ix_{DATA}_digest", DATA, ["digest"])
    create_component(PIXELS, sa.Column("digest", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    op.drop_table(PIXELS)
    op.drop_table(DATA)
