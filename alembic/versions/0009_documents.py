"""Documents: what they say of themselves, their text, its fingerprint, and the index of these.

Revision: 0009, after 0008. Assets that are there already get theirs from `dam-cli run-systems`.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

BIG_INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
INDEX = "document_index"


def entity_key(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["entity_id"], ["entities.id"], name=f"fk_{table}_entity_id_entities", ondelete="CASCADE"
    )


def create_component(table: str, *columns: sa.Column[Any]) -> None:
    op.create_table(
        table,
        sa.Column("id", BIG_INT, nullable=False),
        sa.Column("entity_id", BIG_INT, nullable=False),
        *columns,
        sa.Column("created_at", MOMENT, server_default=sa.func.now(), nullable=False),
        sa.Column("updated_at", MOMENT, server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        sa.UniqueConstraint("entity_id", name=f"uq_{table}_entity_id"),
        entity_key(table),
    )


def upgrade() -> None:
    create_component(
        "component_document",
        sa.Column("pages", sa.Integer(), nullable=True),
        *(sa.Column(name, sa.Text(), nullable=True) for name in ("title", "author", "subject")),
        *(sa.Column(name, MOMENT, nullable=True) for name in ("created", "modified")),
        *(sa.Column(name, sa.Boolean(), nullable=False) for name in ("encrypted", "has_text")),
    )
    create_component(
        "component_document_text",
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("is_cut", sa.Boolean(), nullable=False),
    )
    create_component("component_document_fingerprint", sa.Column("minhash", sa.LargeBinary(), nullable=False))
    op.create_table(
        INDEX,
        sa.Column("key", BIG_INT, autoincrement=False, nullable=False),
        sa.Column("entity_id", BIG_INT, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("key", "entity_id", name=f"pk_{INDEX}"),
        entity_key(INDEX),
        sqlite_with_rowid=False,
    )
    op.create_index(f"ix_{INDEX}_entity_id", INDEX, ["entity_id"])


def downgrade() -> None:
    op.drop_table(INDEX)
    op.drop_table("component_document_fingerprint")
    op.drop_table("component_document_text")
    op.drop_table("component_document")
