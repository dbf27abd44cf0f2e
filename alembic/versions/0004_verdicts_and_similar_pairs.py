"""Pairs of assets: what the user says of them, which look alike, and which assets have been compared.

Revision: 0004, after 0003.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

BIG_INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
NOW = sa.func.now()


def create_pairs(table: str, key: list[str], *columns: sa.Column[str] | sa.Column[int]) -> None:
    op.create_table(
        table,
        sa.Column("id", BIG_INT, nullable=False),
        sa.Column("entity_id", BIG_INT, nullable=False),
        sa.Column("other_entity_id", BIG_INT, nullable=False),
        *columns,
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        sa.UniqueConstraint(*key, name=f"uq_{table}_{'_'.join(key)}"),
        sa.CheckConstraint("entity_id < other_entity_id", name=op.f(f"ck_{table}_in_order")),
        *(
            sa.ForeignKeyConstraint([column], ["entities.id"], name=f"fk_{table}_{column}_entities", ondelete="CASCADE")
            for column in ("entity_id", "other_entity_id")
        ),
    )
    op.create_index(f"ix_{table}_other_entity_id", table, ["other_entity_id"])


def upgrade() -> None:
    pair = ["entity_id", "other_entity_id"]
    create_pairs("component_verdict", pair, sa.Column("verdict", sa.String(16), nullable=False))
    create_pairs(
        "component_similar_pair",
        [*pair, "method"],
        sa.Column("method", sa.String(16), nullable=False),
        sa.Column("distance", sa.SmallInteger(), nullable=False),
        sa.Column("transform", sa.String(16), nullable=False),
    )
    op.create_table(
        "link_records",
        sa.Column("entity_id", BIG_INT, autoincrement=False, nullable=False),
        sa.Column("system_set_id", BIG_INT, nullable=False),
        sa.Column("rule", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("entity_id", name="pk_link_records"),
        sa.ForeignKeyConstraint(
            ["entity_id"], ["entities.id"], name="fk_link_records_entity_id_entities", ondelete="CASCADE"
        ),
    )


def downgrade() -> None:
    for table in ("link_records", "component_similar_pair", "component_verdict"):
        op.drop_table(table)
