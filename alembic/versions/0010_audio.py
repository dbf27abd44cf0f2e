"""Audio: what a recording is, its tags and its fingerprint, and the index that finds it.

Revision: 0010, after 0009. Recordings that are there already get theirs from `dam-cli run-systems`.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

BIG_INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
PROPERTIES = "component_audio_properties"
TAGS = "component_audio_tags"
FINGERPRINT = "component_audio_fingerprint"
ANCHORS = "audio_anchors"


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
    create_component(
        PROPERTIES,
        sa.Column("container", sa.String(), nullable=False),
        sa.Column("codec", sa.String(), nullable=False),
        sa.Column("sample_rate", sa.Integer(), nullable=False),
        sa.Column("channels", sa.Integer(), nullable=False),
        sa.Column("duration_seconds", sa.Double(), nullable=True),
        sa.Column("bit_rate", BIG_INT, nullable=True),
    )
    create_component(
        TAGS,
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("artist", sa.Text(), nullable=True),
        sa.Column("album", sa.Text(), nullable=True),
        sa.Column("track", sa.Integer(), nullable=True),
        sa.Column("year", sa.Integer(), nullable=True),
        sa.Column("more", sa.Text(), nullable=False),
    )
    create_component(FINGERPRINT, sa.Column("fingerprint", sa.LargeBinary(), nullable=False))
    op.create_table(
        ANCHORS,
        sa.Column("entity_id", BIG_INT, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("key", BIG_INT, nullable=False),
        sa.PrimaryKeyConstraint("entity_id", "position", name=f"pk_{ANCHORS}"),
        sa.ForeignKeyConstraint(
            ["entity_id"], ["entities.id"], name=f"fk_{ANCHORS}_entity_id_entities", ondelete="CASCADE"
        ),
        sqlite_with_rowid=False,
    )
    op.create_index(f"ix_{ANCHORS}_key", ANCHORS, ["key"])


def downgrade() -> None:
    for table in (ANCHORS, FINGERPRINT, TAGS, PROPERTIES):
        op.drop_table(table)
